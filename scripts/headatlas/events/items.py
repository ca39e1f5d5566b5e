"""Drawing the items that judges of a head's explanation are asked about, from its events."""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..event_rows import Event, random_windows
from ..intervals import generator
from ..items import Item
from ..pairs import look_alikes, strongest_pairs
from ..records.base import SPLITS, Split
from .activity import activity_in, by_turns
from .passages import choose_passages

_HELD_OUT: tuple[Split, ...] = ("validation", "test")  # on which explanations are judged


def draw_items(
    events: pa.Table, count: int, seed: int, layer: int, head: int
) -> dict[Split, list[Item]]:
    """The items of a head for one seed, always the same; `events` are its rows alone.

    Those about passages are drawn from a stream of their own: they move no other.
    """
    found = {}
    for split in _HELD_OUT:
        at = seed, layer, head, SPLITS.index(split)
        found[split] = [
            *choose_items(events, split, count, np.random.default_rng(at)),
            *choose_passages(events, split, count, generator(*at, "passages")),
        ]
    return found


def item_rows(items: dict[Split, list[Item]], layer: int, head: int) -> list[dict[str, object]]:
    """Rows of `records.items.ITEMS`."""
    at = {"layer": layer, "head": head}
    return [
        {**at, "split": split, **item._asdict()} for split, some in items.items() for item in some
    ]


def choose_items(
    events: pa.Table, split: Split, count: int, rng: np.random.Generator
) -> list[Item]:
    """Up to `count` items about a query, and as many about a pair, from the random windows of a
    split, shuffled.

    They come from as many windows as possible. Position 0 is never a query or a key. Where
    the windows have less to ask about there are fewer items, half of which hold all the same.
    """
    windows = random_windows(events, split)
    found = [*_active(windows, count // 2, rng), *_attends(windows, count // 2, rng)]
    return [found[n] for n in rng.permutation(len(found))]


def _active(windows: Sequence[Event], half: int, rng: np.random.Generator) -> list[Item]:
    """Positives, as many negatives; every other negative has the token of its positive, if any.

    What the head does at a token may depend on the token alone, or not at all.
    """
    activity = activity_in(windows)
    if activity is None:
        return []
    places = activity.places
    tokens = [windows[n].tokens[query] for n, query in places]
    positives = by_turns(activity.active, activity.window, rng)[:half]
    left = by_turns(activity.inactive, activity.window, rng)
    items = []
    for turn, positive in enumerate(positives[: len(left)]):
        same = (place for place in left if tokens[place] == tokens[positive])
        negative = next(same, left[0]) if turn % 2 else left[0]
        left.remove(negative)
        for place, holds in ((positive, True), (negative, False)):
            n, query = places[place]
            items.append(Item("active", windows[n].window, query, None, holds))
    return items


def _attends(windows: Sequence[Event], half: int, rng: np.random.Generator) -> list[Item]:
    """The strongest pair of each window, then the next of each, with a look-alike each."""
    order = rng.permutation(len(windows))
    sources = deque(_contrasts(windows[n], turn, rng) for turn, n in enumerate(order))
    items: list[Item] = []
    while sources and len(items) < 2 * half:
        source = sources.popleft()
        if contrast := next(source, None):
            items += contrast
            sources.append(source)
    return items


def _contrasts(measured: Event, turn: int, rng: np.random.Generator) -> Iterator[tuple[Item, Item]]:
    """Each of the window's strongest pairs with a look-alike; the kinds of those take turns."""
    attention = measured.attention()
    used: set[tuple[int, int]] = set()
    for pair in strongest_pairs(attention):
        kinds = deque(look_alikes(measured.tokens, attention, *pair))
        kinds.rotate(-turn)
        free = [
            [p for p in zip(q.tolist(), k.tolist(), strict=True) if p not in used] for q, k in kinds
        ]
        others = next(filter(None, free), None)
        if pair in used or not others:
            continue
        other = others[rng.integers(len(others))]
        used |= {pair, other}
        turn += 1
        yield (
            Item("attends", measured.window, *pair, True),
            Item("attends", measured.window, *other, False),
        )

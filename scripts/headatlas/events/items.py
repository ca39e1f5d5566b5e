"""Drawing the items that judges of a head's explanation are asked about, from its events."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from ..event_rows import Event, random_windows
from ..items import ACTIVE, INACTIVE, Item
from ..pairs import look_alikes, strongest_pairs
from ..records.base import SPLITS, Split

_HELD_OUT: tuple[Split, ...] = ("validation", "test")  # on which explanations are judged


def draw_items(
    events: pa.Table, count: int, seed: int, layer: int, head: int
) -> dict[Split, list[Item]]:
    """The items of a head for one seed, always the same; `events` are its rows alone."""
    return {
        split: choose_items(
            events, split, count, np.random.default_rng([seed, layer, head, SPLITS.index(split)])
        )
        for split in _HELD_OUT
    }


def item_rows(items: dict[Split, list[Item]], layer: int, head: int) -> list[dict[str, object]]:
    """Rows of `records.items.ITEMS`."""
    at = {"layer": layer, "head": head}
    return [
        {**at, "split": split, **item._asdict()} for split, some in items.items() for item in some
    ]


def choose_items(
    events: pa.Table, split: Split, count: int, rng: np.random.Generator
) -> list[Item]:
    """Up to `count` items of each question from the random windows of a split, shuffled.

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
    if not windows:
        return []
    places = [(n, query) for n, m in enumerate(windows) for query in range(1, len(m.tokens))]
    activation = np.array([windows[n].activation[query] for n, query in places])
    tokens = [windows[n].tokens[query] for n, query in places]
    window = np.array([n for n, _ in places], int)
    if not len(places) or not np.isfinite(activation).all():
        return []
    strong = np.quantile(activation, ACTIVE, method="higher")
    weak = np.quantile(activation, INACTIVE, method="lower")
    active = activation >= strong
    if strong == weak and (activation > weak).any():  # it writes at fewer tokens than a tenth
        active = activation > weak
    inactive = (activation <= weak) & ~active
    positives = _by_turns(np.flatnonzero(active), window, rng)[:half]
    left = _by_turns(np.flatnonzero(inactive), window, rng)
    items = []
    for turn, positive in enumerate(positives[: len(left)]):
        same = (place for place in left if tokens[place] == tokens[positive])
        negative = next(same, left[0]) if turn % 2 else left[0]
        left.remove(negative)
        for place, holds in ((positive, True), (negative, False)):
            n, query = places[place]
            items.append(Item("active", windows[n].window, query, None, holds))
    return items


def _by_turns(
    candidates: Int[np.ndarray, " some"],
    window: Int[np.ndarray, " all"],
    rng: np.random.Generator,
) -> list[int]:
    """The candidates in random order: one of each window, then another of each, and so on."""
    order = rng.permutation(candidates).tolist()
    turns: Counter[int] = Counter()
    taken = []
    for place in order:
        taken.append(turns[window[place]])
        turns[window[place]] += 1
    return [order[n] for n in np.argsort(taken, kind="stable")]


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

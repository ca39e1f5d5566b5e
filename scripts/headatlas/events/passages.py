"""Drawing the items that are about several tokens of a passage at once."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from ..event_rows import Event, random_windows
from ..items import SPAN, Item, Place
from ..records.base import Split
from .activity import activity_in, by_turns


def choose_passages(
    events: pa.Table, split: Split, count: int, rng: np.random.Generator
) -> list[Item]:
    """Up to `count` items of either question from the random windows of a split, shuffled.

    A passage is a window up to a token of it, and what is asked is about its last SPAN tokens,
    or as many as there are. Position 0 is never asked about.
    """
    windows = random_windows(events, split)
    found = [*_marked(windows, count // 2, rng), *_levels(windows, count, rng)]
    return [found[n] for n in rng.permutation(len(found))]


def _marked(windows: Sequence[Event], half: int, rng: np.random.Generator) -> list[Item]:
    """Passages with tokens marked at which the head is active, each with as many at which not.

    The two are one text with other marks: nothing else tells them apart.
    """
    activity = activity_in(windows)
    if activity is None:
        return []
    active, inactive = (
        {activity.places[n] for n in side} for side in (activity.active, activity.inactive)
    )
    found: list[Item] = []
    known: set[Place] = set()
    for place in by_turns(activity.active, activity.window, rng):
        if len(found) >= 2 * half:
            break
        n, query = activity.places[place]
        last = int(rng.integers(query, min(query + SPAN, len(windows[n].tokens))))
        sides = [[at for at in _span(last) if (n, at) in side] for side in (active, inactive)]
        marks = min(map(len, sides))
        if not marks:
            continue
        items = [
            Item("marked", windows[n].window, last, None, holds, _some(side, marks, rng))
            for side, holds in zip(sides, (True, False), strict=True)
        ]
        if not known & {item.place for item in items}:
            found += items
            known |= {item.place for item in items}
    return found


def _levels(windows: Sequence[Event], count: int, rng: np.random.Generator) -> Iterator[Item]:
    """A passage of each of so many windows, which end where they happen to."""
    usable = [w for w in windows if len(w.tokens) > 1 and np.isfinite(w.activation[1:]).all()]
    for n in rng.permutation(len(usable))[:count]:
        end = len(usable[n].tokens)
        last = int(rng.integers(min(SPAN, end - 1), end))
        yield Item("levels", usable[n].window, last, None, None, tuple(_span(last)))


def _span(last: int) -> range:
    """The tokens that are asked about in a passage that ends with `last`."""
    return range(max(1, last + 1 - SPAN), last + 1)


def _some(places: Sequence[int], count: int, rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(sorted(rng.choice(places, count, replace=False).tolist()))

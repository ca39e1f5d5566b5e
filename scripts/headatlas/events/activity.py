"""Where in some windows a head is active, and where it is not."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from ..event_rows import Event
from ..items import ACTIVE, INACTIVE


class Activity(NamedTuple):
    """The P tokens of some windows, position 0 of each left out."""

    places: Sequence[tuple[int, int]]  # P: number of the window among them, position in it
    window: Int[np.ndarray, " P"]
    active: Int[np.ndarray, " A"]  # those of the P at which the head is active
    inactive: Int[np.ndarray, " I"]


def activity_in(windows: Sequence[Event]) -> Activity | None:
    """Where the head is active by ACTIVE and INACTIVE; None if that cannot be said."""
    places = [(n, query) for n, w in enumerate(windows) for query in range(1, len(w.tokens))]
    activation = np.array([windows[n].activation[query] for n, query in places])
    if not len(places) or not np.isfinite(activation).all():
        return None
    strong = np.quantile(activation, ACTIVE, method="higher")
    weak = np.quantile(activation, INACTIVE, method="lower")
    active = activation >= strong
    if strong == weak and (activation > weak).any():  # it writes at fewer tokens than a tenth
        active = activation > weak
    inactive = (activation <= weak) & ~active
    window = np.array([n for n, _ in places], int)
    return Activity(places, window, np.flatnonzero(active), np.flatnonzero(inactive))


def by_turns(
    candidates: Int[np.ndarray, " some"],
    window: Int[np.ndarray, " P"],
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

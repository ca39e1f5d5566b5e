"""What raters read: exemplars of a head, and unseen windows to mark."""

from collections.abc import Sequence

import numpy as np

from headatlas.event_rows import Event
from headatlas.items import ACTIVE, INACTIVE

from .units import Exemplar, Unseen

EXEMPLARS = (("top", 5), ("quantile", 3))  # of the train split, by kind
LONGEST = 64  # tokens shown of a window
AFTER_QUERY = 8  # of an exemplar, so many come after its query
LEVELS = 10
KEYS, LEAST_WEIGHT = 5, 0.05  # of the attended keys so many are shown, from this weight on


def exemplars(events: Sequence[Event]) -> list[Exemplar]:
    """The strongest windows of the train split, and some from the weakest to the strongest."""
    chosen = [event for kind, count in EXEMPLARS for event in _some(events, kind, count)]
    largest = max((event.activation[1:].max(initial=0.0) for event in chosen), default=0.0) or 1.0
    return [_exemplar(event, largest) for event in chosen]


def unseen(events: Sequence[Event], count: int, rng: np.random.Generator) -> list[Unseen]:
    """`count` random test windows from their beginning, or as many as have tokens of both sides.

    As in the items that language models are asked about, a head is active where its activation is
    in the top tenth of its random test windows, and inactive in the lower half.
    """
    windows = [event for event in events if (event.split, event.kind) == ("test", "random")]
    windows.sort(key=lambda event: event.window)
    everything = [event.activation[1:] for event in windows]
    if not windows or not all(np.isfinite(activation).all() for activation in everything):
        return []
    strong = np.quantile(np.concatenate(everything), ACTIVE, method="higher")
    weak = np.quantile(np.concatenate(everything), INACTIVE, method="lower")
    found = []
    for number in rng.permutation(len(windows)).tolist():
        event = windows[number]
        shown = event.activation[1:LONGEST]
        above = shown > weak if strong == weak else shown >= strong
        active = [False, *above.tolist()]
        inactive = [False, *((shown <= weak) & ~above).tolist()]
        if any(active) and any(inactive):
            pieces = list(event.pieces[:LONGEST])
            found.append(
                Unseen(window=event.window, pieces=pieces, active=active, inactive=inactive)
            )
    return found[:count]


def _some(events: Sequence[Event], kind: str, count: int) -> list[Event]:
    """Those of the train split, by rank; of quantiles, as many at equal steps."""
    ordered = [event for event in events if (event.split, event.kind) == ("train", kind)]
    ordered.sort(key=lambda event: event.rank)
    if kind != "quantile" or len(ordered) <= count:
        return ordered[:count]
    return [ordered[n] for n in np.linspace(0, len(ordered) - 1, count).round().astype(int)]


def _exemplar(event: Event, largest: float) -> Exemplar:
    stop = min(len(event.activation), max(LONGEST, event.query + 1 + AFTER_QUERY))
    start = max(0, stop - LONGEST)
    share = np.clip(np.nan_to_num(event.activation[start:stop]) / largest, 0, 1)
    pairs = zip(event.keys[event.query].tolist(), event.weights[event.query].tolist(), strict=True)
    kept = sorted((-weight, key) for key, weight in pairs if key >= 0 and weight >= LEAST_WEIGHT)
    return Exemplar(
        pieces=list(event.pieces[start:stop]),
        levels=np.minimum(share * LEVELS, LEVELS - 1).astype(int).tolist(),
        query=event.query - start,
        keys={key - start: -weight for weight, key in kept[:KEYS] if key >= start},
        before=sum(-weight for weight, key in kept[:KEYS] if key < start),
        cut=start > 0,
    )

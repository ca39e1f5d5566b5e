"""What measures of predicted attention share: of whole rows, and of rows without position 0."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from .measure import OfWindows, Trace
from .statistics.divergence import Matrix, Rows, divergence, even, off_first, rows_of
from .statistics.ratio import ratio

Sums = Float[np.ndarray, " 2"]
_ALL: dict[str, Any] = {
    "chance": 0.0,
    "needs": ("predicted attention",),
    "comparable": True,
    "statistic": ratio,
}


@dataclass(frozen=True)
class Part:
    """A part of attention: `rows` has it as rows that sum to 1, `first_key` is its first key."""

    rows: Callable[[Matrix], Rows]
    first_key: int
    in_words: str

    def of(self, trace: Trace) -> Rows:
        """The rows of a window."""
        return self.rows(trace.attention)

    def left(self, trace: Trace) -> float:
        """KL(A‖even) of a window: what there is to explain."""
        return divergence(trace.once(self.of), self.rows(even(len(trace.tokens))))

    def gain(self, predicted: Trace, measured: Trace) -> float:
        """KL(A‖even) − KL(A‖P) of a window."""
        lost = divergence(measured.once(self.of), predicted.once(self.of))
        return measured.once(self.left) - lost

    def explained(self, predicted: Trace, measured: Trace) -> Sums:
        """The gain, and what there is to explain."""
        return np.array([self.gain(predicted, measured), measured.once(self.left)])

    def gained(self, predicted: Trace, measured: Trace) -> Sums:
        """The gain, and the queries that have a choice."""
        return np.array([self.gain(predicted, measured), len(measured.tokens) - 1])

    def overlap(self, predicted: Trace, measured: Trace) -> Sums:
        """Σ min(A, P) and Σ max(A, P)."""
        p, a = (trace.attention[:, self.first_key :] for trace in (predicted, measured))
        return np.array([np.minimum(p, a).sum(), np.maximum(p, a).sum()])


WHOLE = Part(rows_of, 0, "")
OFF_FIRST = Part(off_first, 1, ", position 0 left out and what remains of each row scaled to 1")


def share_explained(part: Part, *, name: str, label: str, place: int) -> OfWindows:
    """How much of what even attention leaves to explain is explained."""
    return OfWindows(
        name=name,
        label=label,
        description="1 − KL(A‖P) / KL(A‖even) of measured attention A and predicted attention P, "
        f"summed over the queries of the random test windows{part.in_words}. 1 is a perfect "
        "prediction, even attention has 0, and a prediction that is worse is below.",
        place=place,
        signed=True,
        controls=("", "layer_", "position_", "first_"),
        sums=part.explained,
        why_not=_unless_finite("attention is even"),
        **_ALL,
    )


def gain_over_even(part: Part, *, name: str, label: str, place: int) -> OfWindows:
    """How many nats a query better than even attention a prediction is."""
    return OfWindows(
        name=name,
        label=label,
        description="KL(A‖even) − KL(A‖P) in nats a query, over the queries of the random test "
        f"windows{part.in_words}: how much better than even attention the prediction is. Unlike "
        "the share that is explained, it is small where there is little to explain, as in heads "
        "that attend nearly evenly. Below 0 the prediction is worse.",
        place=place,
        signed=True,
        controls=("", "layer_", "position_"),
        least=0.05,
        sums=part.gained,
        why_not=lambda total: "attention is not finite",
        **_ALL,
    )


def overlap_of(part: Part, *, name: str, label: str, place: int, which: str) -> OfWindows:
    """How much predicted and measured attention overlap; `which` pairs, in words."""
    return OfWindows(
        name=name,
        label=label,
        description="Σ min(A, P) / Σ max(A, P) over the (query, key) pairs of the random test "
        f"windows, {which}. 1 is a perfect prediction.",
        place=place,
        controls=("", "position_", "first_", "even_"),
        sums=part.overlap,
        why_not=_unless_finite("there is no attention"),
        **_ALL,
    )


def _unless_finite(reason: str) -> Callable[[Float[np.ndarray, " sums"]], str]:
    return lambda total: reason if np.isfinite(total).all() else "attention is not finite"

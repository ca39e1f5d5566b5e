"""How much predicted and measured attention overlap."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..statistics.ratio import ratio


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 2"]:
    p, a = predicted.attention, measured.attention
    return np.array([np.minimum(p, a).sum(), np.maximum(p, a).sum()])


MEASURE = OfWindows(
    name="iou",
    label="IoU",
    description="Σ min(A, P) / Σ max(A, P) over the (query, key) pairs of the random test "
    "windows, position 0 included (Hayes et al. 2026). 1 is a perfect prediction.",
    place=3,
    chance=0.0,
    needs=("predicted attention",),
    controls=("", "position_", "first_", "even_"),
    comparable=True,
    sums=sums,
    statistic=ratio,
    why_not=lambda total: (
        "there is no attention" if np.isfinite(total).all() else "attention is not finite"
    ),
)

"""How much of what even attention leaves to explain off the first token is explained."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..statistics.divergence import divergence, even, off_first
from ..statistics.ratio import ratio


def attention(trace: Trace) -> Float[np.ndarray, "row key"]:
    return off_first(trace.attention)


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 2"]:
    rows, uniform = measured.once(attention), off_first(even(len(measured.tokens)))
    left = divergence(rows, uniform)
    return np.array([left - divergence(rows, predicted.once(attention)), left])


MEASURE = OfWindows(
    name="attention_explained_off_first",
    label="Attention explained off the first token",
    description="1 − KL(A‖P) / KL(A‖even) of measured attention A and predicted attention "
    "P, summed over the queries of the random test windows, position 0 left out and what "
    "remains of each row scaled to 1. 1 is a perfect prediction, even attention has 0, and a "
    "prediction that is worse is below.",
    place=2,
    chance=0.0,
    needs=("predicted attention",),
    signed=True,
    controls=("", "layer_", "position_", "first_"),
    comparable=True,
    sums=sums,
    statistic=ratio,
    why_not=lambda total: (
        "attention is even" if np.isfinite(total).all() else "attention is not finite"
    ),
)

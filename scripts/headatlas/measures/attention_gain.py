"""How many nats a query better than even attention the prediction of a head's attention is."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..statistics.ratio import ratio
from .attention_explained import sums as explained


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 2"]:
    return np.array([explained(predicted, measured)[0], len(measured.tokens) - 1])


MEASURE = OfWindows(
    name="attention_gain",
    label="Gain over even attention",
    description="KL(A‖even) − KL(A‖P) in nats a query, over the queries of the random test "
    "windows: how much better than even attention the prediction is. Unlike the share that is "
    "explained, it is small where there is little to explain, as in heads that attend nearly "
    "evenly. Below 0 the prediction is worse.",
    place=5,
    chance=0.0,
    needs=("predicted attention",),
    signed=True,
    controls=("", "layer_", "position_"),
    least=0.05,
    comparable=True,
    sums=sums,
    statistic=ratio,
    why_not=lambda total: "attention is not finite",
)

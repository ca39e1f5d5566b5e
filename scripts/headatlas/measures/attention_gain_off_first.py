"""How many nats a query better than even attention the prediction off the first token is."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..statistics.ratio import ratio
from .attention_explained_off_first import sums as explained


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 2"]:
    return np.array([explained(predicted, measured)[0], len(measured.tokens) - 1])


MEASURE = OfWindows(
    name="attention_gain_off_first",
    label="Gain over even attention off the first token",
    description="KL(A‖even) − KL(A‖P) in nats a query, over the queries of the random test "
    "windows, position 0 left out and what remains of each row scaled to 1: how much better "
    "than even attention the prediction is. Unlike the share that is explained, it is small "
    "where there is little to explain, as in heads that attend nearly evenly. Below 0 the "
    "prediction is worse.",
    place=6,
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

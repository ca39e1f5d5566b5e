"""How well the activation that is predicted correlates with the activation measured."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..statistics.correlation import constant_side, moments, pearson, why_undefined


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 6"]:
    return moments(predicted.activation[1:], measured.activation[1:])


MEASURE = OfWindows(
    name="activation_correlation",
    label="Activation correlation",
    description="Pearson correlation between predicted and measured activation over the tokens of "
    "the random test windows. Undefined where the explanation predicts a constant.",
    place=20,
    chance=0.0,
    needs=("predicted activation",),
    controls=("", "layer_"),
    comparable=True,
    sums=sums,
    statistic=pearson,
    why_not=lambda total: why_undefined("activation", total),
    constant=constant_side,
)

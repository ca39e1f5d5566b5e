"""How well the attention that is predicted correlates with the attention measured."""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..pairs import ranked_pairs
from ..statistics.correlation import constant_side, moments, pearson, why_undefined


def pair_weights(trace: Trace) -> Float[np.ndarray, " pairs"]:
    """Attention of the pairs of a query and a key that are looked at."""
    return trace.attention[ranked_pairs(len(trace.tokens))]


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 6"]:
    return moments(predicted.once(pair_weights), measured.once(pair_weights))


MEASURE = OfWindows(
    name="attention_correlation",
    label="Attention correlation",
    description="Pearson correlation between the attention that the explanation predicts and the "
    "attention measured, over the (query, key) pairs of the random test windows, position 0 "
    "left out. 1 is a perfect prediction.",
    place=10,
    chance=0.0,
    needs=("predicted attention",),
    controls=("", "layer_"),
    comparable=True,
    sums=sums,
    statistic=pearson,
    why_not=lambda total: why_undefined("attention", total),
    constant=constant_side,
)

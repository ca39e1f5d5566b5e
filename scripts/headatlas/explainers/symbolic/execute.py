"""Execute a program on a window: what it predicts of the head from the text alone."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ...records.explanation import Program
from .context import Context
from .evaluate import holds, keys_of
from .language import parse_source, parse_trigger

MOST_KEYS = 16


class Predicted(NamedTuple):
    """Activation of each token; for each query its last `MOST_KEYS` keys and their weights."""

    activation: Float[np.ndarray, " token"]
    keys: list[list[int]]
    weights: list[list[float]]


def predict(program: Program, context: Context) -> Predicted:
    """The first rule that applies at a query decides: its mass is spread evenly on its keys.

    Raises ExpressionError if a rule is not of the language.
    """
    activation = np.full(context.length, program.rest_activation)
    keys: list[list[int]] = [[] for _ in range(context.length)]
    weights: list[list[float]] = [[] for _ in range(context.length)]
    free = np.ones(context.length, bool)
    for rule in program.rules:
        found = keys_of(parse_source(rule.source), context)
        decided = free & holds(parse_trigger(rule.trigger), context) & found.any(axis=1)
        free &= ~decided
        activation[decided] = rule.activation
        for query in np.flatnonzero(decided):
            named = np.flatnonzero(found[query])
            keys[query] = named[-MOST_KEYS:].tolist()
            weights[query] = [round(rule.mass / len(named), 6)] * len(keys[query])
    return Predicted(activation, keys, weights)

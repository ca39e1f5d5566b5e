"""Execute a program on a window: what it predicts of the head from the text alone."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ...records.explanation import Program
from .context import Context
from .evaluate import holds, keys_of
from .language import parse_source, parse_trigger


class Predicted(NamedTuple):
    """Activation of each token, and the attention of each query."""

    activation: Float[np.ndarray, " token"]
    attention: Float[np.ndarray, "query key"]


def predict(program: Program, context: Context) -> Predicted:
    """The first rule that applies at a query decides: its mass is spread evenly on its keys.

    Raises ExpressionError if a rule is not of the language.
    """
    activation = np.full(context.length, program.rest_activation)
    attention = np.zeros((context.length, context.length))
    free = np.ones(context.length, bool)
    for rule in program.rules:
        found = keys_of(parse_source(rule.source), context)
        decided = free & holds(parse_trigger(rule.trigger), context) & found.any(axis=1)
        free &= ~decided
        activation[decided] = rule.activation
        each = rule.mass / found[decided].sum(axis=1, keepdims=True)
        attention[decided] = found[decided] * each
    return Predicted(activation, attention)

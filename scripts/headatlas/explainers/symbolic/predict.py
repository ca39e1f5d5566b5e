"""Predictions of an explanation's program for windows that it knows by their text alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ...predictions import Prediction, Predictions
from ...records.base import Split
from ...records.explanation import Explanation, Program
from ..logit.features import FeatureTable, Windows
from .activity import predicted_activation
from .context import Context
from .program import logit_of, position_of


def activation_of(
    program: Program, contexts: Sequence[Context]
) -> list[Float[np.ndarray, " token"]]:
    """The activation that a program predicts of each token of some texts."""
    windows = Windows(contexts)
    attention = logit_of(program).predict(windows)
    found = predicted_activation(program.constant, program.written, attention, windows)
    return np.split(found, np.cumsum(windows.grid.lengths)[:-1])


def attention_of(
    program: Program, contexts: Sequence[Context]
) -> list[Float[np.ndarray, "query key"]]:
    """The attention that a program predicts in each of some texts."""
    windows = Windows(contexts)
    return windows.grid.unflatten(logit_of(program).predict(windows))


def predictions_of(
    explanation: Explanation, features: Mapping[Split, tuple[FeatureTable, Sequence[int]]]
) -> Predictions:
    """Execute the program on the windows of every split: their features and their numbers.

    Without a program there is a reason instead.
    """
    at = explanation.layer, explanation.head
    program = explanation.program
    if program is None:
        reason = explanation.reason or "the explanation has no program to execute"
        return Predictions(at, reason=reason)
    logit, position = logit_of(program), position_of(program)
    found = []
    for split, (table, numbers) in features.items():
        grid = table.grid
        attention = logit.predict(table)
        activation = predicted_activation(program.constant, program.written, attention, table)
        matrices = grid.unflatten(attention), grid.unflatten(position.predict(table))
        activations = (activation[grid.window == n] for n in range(len(grid.lengths)))
        for number, *of_window in zip(numbers, activations, *matrices, strict=True):
            found.append(Prediction(split, number, *of_window))
    return Predictions(at, found)

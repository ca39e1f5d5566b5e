"""Predictions of an explanation's program for windows it knows by their text alone."""

from collections.abc import Sequence

from ...predictions import Prediction, Predictions
from ...records.explanation import Explanation, Program
from .execute import predict
from .windows import Text


def predictions_of(explanation: Explanation, texts: Sequence[Text]) -> Predictions:
    """Execute the program on every text; without one there is a reason instead."""
    at = explanation.layer, explanation.head
    program = explanation.program
    if program is None:
        reason = explanation.reason or "the explanation has no program to execute"
        return Predictions(at, reason=reason)
    return Predictions(at, [_prediction(program, text) for text in texts])


def _prediction(program: Program, text: Text) -> Prediction:
    return Prediction(text.split, text.window, *predict(program, text.context))

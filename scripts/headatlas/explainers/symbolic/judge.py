"""Predictions of an explanation's program for windows it knows by their text alone."""

from collections.abc import Sequence

from ...records.explanation import Explanation, Program
from ...records.head import HeadRecord
from ...records.judgement import Judgement, Prediction
from .execute import predict
from .windows import Text


def judge(explanation: Explanation, texts: Sequence[Text]) -> Judgement:
    """Execute the program on every text; without one the judgement holds the reason."""
    program = explanation.program
    if program is None:
        reason = explanation.reason or "the explanation has no program to execute"
        return judgement_of(explanation, reason=reason)
    return judgement_of(explanation, [_prediction(program, text) for text in texts])


def judgement_of(
    explanation: Explanation, predictions: Sequence[Prediction] = (), reason: str | None = None
) -> Judgement:
    """The record of what was predicted from an explanation, or of why nothing was."""
    about = {name: getattr(explanation, name) for name in HeadRecord.model_fields}
    return Judgement(**about, reason=reason, predictions=list(predictions))


def _prediction(program: Program, text: Text) -> Prediction:
    predicted = predict(program, text.context)
    return Prediction(
        split=text.split,
        window=text.window,
        activation=predicted.activation.tolist(),
        keys=predicted.keys,
        weights=predicted.weights,
    )

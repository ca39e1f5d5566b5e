"""Predictions of an explanation's program for windows it knows by their text alone."""

from collections.abc import Sequence

from ...records import Explanation, Judgement, Prediction, Program
from .execute import predict
from .windows import Text

_SHARED = ("model", "corpus", "explainer", "round", "layer", "head")


def judge(explanation: Explanation, texts: Sequence[Text]) -> Judgement:
    """Execute the program on every text; without one the judgement holds the reason."""
    about = {name: getattr(explanation, name) for name in _SHARED}
    program = explanation.program
    if program is None:
        reason = explanation.reason or "the explanation has no program to execute"
        return Judgement(**about, reason=reason, predictions=[])
    return Judgement(
        **about, reason=None, predictions=[_prediction(program, text) for text in texts]
    )


def _prediction(program: Program, text: Text) -> Prediction:
    predicted = predict(program, text.context)
    return Prediction(
        split=text.split,
        window=text.window,
        salience=predicted.salience.tolist(),
        keys=predicted.keys,
        weights=predicted.weights,
    )

"""What is told of items by who knows an explanation: a language model says it, a program predicts.

A language model that knows an explanation in words has answered items (see `items.py`); a
program answers the same items by what it predicts there. So explanations of every kind are
compared on the same questions.
"""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from jaxtyping import Float

from .items import Item, Question
from .predictions import Prediction
from .records.judgement import Answer
from .statistics.auroc import concordance

Told = Mapping[Item, float]  # of each item that was answered: how probable is yes


def said(answers: Iterable[Answer], items: Iterable[Item]) -> Told:
    """What a model answered under one explanation; neither yes nor no is no answer."""
    found = {(a.question, a.window, a.query, a.key): a.probability for a in answers}
    answered = ((item, found.get(item[:4])) for item in items)
    return {item: probability for item, probability in answered if probability is not None}


def predicted(predictions: Iterable[Prediction], items: Iterable[Item]) -> Told:
    """What a program predicts: activation at the query, attention on the pair; an AUROC ranks."""
    windows = {prediction.window: prediction for prediction in predictions}
    told = {}
    for item in items:
        if at := windows.get(item.window):
            predicted_there = at.activation if item.key is None else at.attention[item.query]
            told[item] = float(predicted_there[item.query if item.key is None else item.key])
    return told


def auroc_of(
    answers: Iterable[Answer], items: Collection[Item], question: Question
) -> float | None:
    """AUROC of the answers to one question under one explanation.

    None where no item that holds was answered, or none that does not.
    """
    told = said(answers, items)
    asked = [item for item in items if item.question == question]
    positive, negative = (probabilities(told, side) for side in sides_of(asked))
    if len(positive) == 0 or len(negative) == 0:
        return None
    return float(concordance(positive, negative).mean())


def sides_of(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """The items that hold and those that do not."""
    found = list(items)
    return [i for i in found if i.holds], [i for i in found if not i.holds]


def probabilities(told: Told, items: Iterable[Item]) -> Float[np.ndarray, " answered"]:
    return np.array([told[item] for item in items if item in told], dtype=float)

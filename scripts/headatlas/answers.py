"""What is told of items by who knows an explanation: a language model says it, a program predicts.

A language model that knows an explanation in words has answered items (see `items.py`); a
program answers the same items by what it predicts there. So explanations of every kind are
compared on the same questions.
"""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from jaxtyping import Float

from .items import Item, Place, Question
from .predictions import Prediction
from .records.judgement import Answer
from .statistics.auroc import concordance

Told = Mapping[Item, float]  # of each item that was answered: how probable is yes
Levels = Mapping[Item, Float[np.ndarray, " marks"]]  # likewise: how active at each token


def place_of(answer: Answer) -> Place:
    """What was answered."""
    return Place(answer.question, answer.window, answer.query, answer.key, answer.marks)


def said(answers: Iterable[Answer], items: Iterable[Item]) -> Told:
    """What a model answered under one explanation; neither yes nor no is no answer."""
    found = {place_of(answer): answer.probability for answer in answers}
    answered = ((item, found.get(item.place)) for item in items)
    return {item: probability for item, probability in answered if probability is not None}


def levels_said(answers: Iterable[Answer], items: Iterable[Item]) -> Levels:
    """The levels that a model told under one explanation."""
    found = {place_of(answer): answer.levels for answer in answers}
    answered = ((item, found.get(item.place)) for item in items)
    return {item: np.array(levels, float) for item, levels in answered if levels is not None}


def predicted(predictions: Iterable[Prediction], items: Iterable[Item]) -> Told:
    """What a program predicts: activation at the query, mean activation at the marks, attention on
    the pair. An AUROC ranks, so none of it has to be a probability."""
    windows = {prediction.window: prediction for prediction in predictions}
    told = {}
    for item in items:
        if at := windows.get(item.window):
            if item.key is not None:
                told[item] = float(at.attention[item.query, item.key])
            else:
                told[item] = float(at.activation[list(item.marks) or [item.query]].mean())
    return told


def levels_predicted(predictions: Iterable[Prediction], items: Iterable[Item]) -> Levels:
    """The activation that a program predicts at the marks of the items."""
    windows = {prediction.window: prediction for prediction in predictions}
    return {
        item: windows[item.window].activation[list(item.marks)]
        for item in items
        if item.marks and item.window in windows
    }


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

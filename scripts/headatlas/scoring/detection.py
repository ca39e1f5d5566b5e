"""Detection: does who knows the explanation tell where the head is active, and attends?

A language model that knows an explanation in words has answered items (see `items.py`); a
program answers the same items by what it predicts there. So explanations of every kind are
compared on the same questions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..intervals import Estimate, estimate, resample_counts, undefined
from ..items import Item, Question
from ..records.judgement import Answer, Judgement, Prediction
from .auroc import areas, concordance

# What the names of each question's scores begin with.
_NAMED: dict[str, Question] = {"detection": "active", "pair_detection": "attends"}
DETECTION_METRICS = tuple(
    f"{name}_{ending}" for name in _NAMED for ending in ("auroc", "auroc_control", "margin")
)
Told = Mapping[Item, float]  # of each item that was answered: how probable is yes


def score_items(
    judgement: Judgement,
    controls: Sequence[Judgement],
    items: Sequence[Item],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The DETECTION_METRICS of what a judgement tells of the items of a split.

    The answers of a language model include those under other heads' explanations. For a
    program, `controls` are the judgements of other heads.

    - `{name}_auroc`: probability that an item that holds has a higher probability of yes than
      one that does not, a tie counting half; 0.5 is chance; n counts the items answered.
    - `{name}_auroc_control`: its mean under other heads' explanations; n counts them.
    - `{name}_margin`: the difference, resampled together; n counts the items answered.
    """
    if judgement.answers:
        names = sorted({a.control for a in judgement.answers if a.control})
        own, *others = (
            said([a for a in judgement.answers if a.control == name], items)
            for name in (None, *names)
        )
    else:
        own, *others = (predicted(j.predictions, items) for j in (judgement, *controls))
    if not own:
        reason = judgement.reason or "no item of this split was answered"
        return {metric: undefined(0, reason) for metric in DETECTION_METRICS}
    found: dict[str, Estimate] = {}
    for name, question in _NAMED.items():
        asked = [item for item in items if item.question == question]
        found |= _compared(name, own, others, asked, resamples, rng)
    return found


def said(answers: Iterable[Answer], items: Iterable[Item]) -> Told:
    """What a model answered under one explanation; neither yes nor no is no answer."""
    found = {(a.question, a.window, a.query, a.key): a.probability for a in answers}
    answered = ((item, found.get(item[:4])) for item in items)
    return {item: probability for item, probability in answered if probability is not None}


def predicted(predictions: Iterable[Prediction], items: Iterable[Item]) -> Told:
    """What a program predicts: salience at the query, attention on the pair; an AUROC ranks."""
    windows = {prediction.window: prediction for prediction in predictions}
    told = {}
    for item in items:
        if at := windows.get(item.window):
            attention = dict(zip(at.keys[item.query], at.weights[item.query], strict=True))
            salience = at.salience[item.query]
            told[item] = salience if item.key is None else attention.get(item.key, 0.0)
    return told


def auroc_of(
    answers: Iterable[Answer], items: Collection[Item], question: Question
) -> float | None:
    """AUROC of the answers to one question under one explanation.

    None where no item that holds was answered, or none that does not.
    """
    told = said(answers, items)
    asked = [item for item in items if item.question == question]
    positive, negative = (_probabilities(told, side) for side in _sides(asked))
    if len(positive) == 0 or len(negative) == 0:
        return None
    return float(concordance(positive, negative).mean())


def _compared(
    name: str,
    own: Told,
    others: Sequence[Told],
    asked: Sequence[Item],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The scores of one question; items that hold and items that do not are resampled apart."""
    sides = _sides(asked)
    if not all(sides):
        nothing = undefined(0, "the windows of this split have nothing to ask about")
        return {f"{name}_{ending}": nothing for ending in ("auroc", "auroc_control", "margin")}
    drawn = [resample_counts(rng, resamples, len(side)) for side in sides]

    def area(told: Told) -> Float[np.ndarray, " draws"]:
        answered = [np.array([item in told for item in side]) for side in sides]
        counts = [draws[:, known] for draws, known in zip(drawn, answered, strict=True)]
        return areas(*(_probabilities(told, side) for side in sides), *counts)

    def or_reason(found: Float[np.ndarray, " draws"], n: int, reason: str | None) -> Estimate:
        return undefined(n, reason) if reason else estimate(found, n, min(map(len, sides)))

    area_of_own = area(own)
    n = sum(item in own for item in asked)
    lopsided = None
    if np.isnan(area_of_own[0]):
        lopsided = f"{n} of {len(asked)} items were answered, too few to have some of each kind"
    areas_of_others = [found for found in map(area, others) if not np.isnan(found[0])]
    alone = None if areas_of_others else "no explanation of another head serves as a control"
    control = np.mean(areas_of_others, axis=0) if areas_of_others else area_of_own
    return {
        f"{name}_auroc": or_reason(area_of_own, n, lopsided),
        f"{name}_auroc_control": or_reason(control, len(areas_of_others), alone),
        f"{name}_margin": or_reason(area_of_own - control, n, lopsided or alone),
    }


def _sides(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """The items that hold and those that do not."""
    found = list(items)
    return [i for i in found if i.holds], [i for i in found if not i.holds]


def _probabilities(told: Told, items: Iterable[Item]) -> Float[np.ndarray, " answered"]:
    return np.array([told[item] for item in items if item in told], dtype=float)

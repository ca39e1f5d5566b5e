"""How good explanations are: by size of the model, depth of the layer, explainer and corpus."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from ..intervals import Estimate, Statistic, resampled
from ..records.scores import PREDICTION_SCORES
from ..reporting.catalogue import SCORES, Measure
from ..reporting.verdict import LEAST, better_than_control
from .statistics import average
from .sweep import Place, Row, Study, Sweep

DETECTION = ("pair_detection_auroc", "detection_auroc")  # what explainers of all kinds have
DEPTHS = 4  # equal bins of relative depth
MEASURES = (
    *(measure for measure in SCORES if measure.key in (*PREDICTION_SCORES, *DETECTION)),
    Measure(
        "attention_margin",
        "Margin over control",
        "Attention correlation of the head's explanation less the mean of the same score over "
        "other heads' explanations.",
        signed=True,
    ),
    Measure("explained", "Explained", "Share of heads for which there is an explanation."),
    Measure(
        "above_control",
        "Above control",
        "Share of heads whose explanation predicts their attention better than other heads' "
        f"explanations do: the 95 % interval of the margin lies above {LEAST}. Of an explanation "
        "in words, which predicts no attention, it is the margin of either detection score. A "
        "head without an explanation is not among them.",
    ),
)
SHARES = ("explained", "above_control")

Values = dict[Place, float]


def values(study: Study, metric: str) -> Values:
    """A measure of each head that has it; of a share 1 or 0."""
    if metric == "explained":
        return {at: float(at in study.explained) for at in study.explanations}
    if metric == "above_control":
        return {at: float(_above_control(study, at)) for at in study.explanations}
    found = {at: scores.get(metric, (None, None))[0] for at, scores in study.scores.items()}
    return {at: value for at, value in found.items() if value is not None}


def _above_control(study: Study, at: Place) -> bool:
    scores = study.scores.get(at, {})
    return better_than_control(lambda name: scores.get(name, (None, None))) is True


def statistic(metric: str) -> Statistic:
    """What of a measure's values over heads is reported: their mean if a share, else the median."""
    return average(np.mean if metric in SHARES else np.median)


def over_heads(numbers: Iterable[float], metric: str, resamples: int, seed: int) -> Estimate:
    """Median or share over heads with its interval."""
    column = np.array([*numbers], dtype=float)[:, None]
    return resampled(column, statistic(metric), resamples, seed)


def as_row(estimate: Estimate) -> dict[str, object]:
    """Its columns in a table, to six significant digits."""
    digits = {
        key: None if number is None else float(f"{number:.6g}")
        for key, number in zip(("value", "low", "high"), estimate[:3], strict=True)
    }
    return {**digits, "n": estimate.n}


def quality_rows(sweep: Sweep, resamples: int, seed: int) -> list[Row]:
    """Rows of `quality.csv`: every measure of every study, over all heads and by depth."""
    bins = [(0.0, 1.0), *((k / DEPTHS, (k + 1) / DEPTHS) for k in range(DEPTHS))]
    rows = []
    for study in sweep.studies:
        for measure in MEASURES:
            found = values(study, measure.key)
            for low, high in bins:
                inside = [value for at, value in found.items() if low <= study.depth(at) < high]
                if inside or (low, high) == (0.0, 1.0):
                    estimate = over_heads(inside, measure.key, resamples, seed)
                    rows.append(
                        {
                            **study.names,
                            "parameters": study.info.parameters,
                            "depth_from": low,
                            "depth_to": high,
                            "metric": measure.key,
                            **as_row(estimate),
                        }
                    )
    return rows


def difference_rows(sweep: Sweep, resamples: int, seed: int) -> list[Row]:
    """Rows of `differences.csv`: pairs of corpora and of explainers, on the same heads.

    The value is the median of the differences, second less first, over the heads that have
    the measure in both; of shares their mean.
    """
    rows = []
    for first, second in combinations(sweep.studies, 2):
        if first.model != second.model:
            continue
        names = (first.corpus, first.explainer), (second.corpus, second.explainer)
        alike = [a == b for a, b in zip(*names, strict=True)]
        if sum(alike) != 1:
            continue
        shared = alike.index(True)
        for measure in MEASURES:
            one, two = values(first, measure.key), values(second, measure.key)
            changes = [two[at] - one[at] for at in one if at in two]
            rows.append(
                {
                    "compared": ("explainers", "corpora")[shared],
                    "model": first.model,
                    "within": names[0][shared],
                    "first": names[0][1 - shared],
                    "second": names[1][1 - shared],
                    "metric": measure.key,
                    **as_row(over_heads(changes, measure.key, resamples, seed)),
                }
            )
    return rows

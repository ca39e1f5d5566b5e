"""How good explanations are: by size of the model, depth of the layer, explainer and corpus."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from ..intervals import Estimate, Statistic, resampled
from ..measure import Measure
from ..measures import MEASURES
from ..reporting.catalogue import Quantity
from ..verdict import CRITERION, DECIDING
from .statistics import average
from .sweep import Place, Row, Study, Sweep

DEPTHS = 4  # equal bins of relative depth
FIRST_DECIDING = DECIDING[0][0]
# Shares of all heads, whose values are 1 or 0.
SHARES = (
    Quantity("explained", "Explained", f"Share of heads that are. {CRITERION}"),
    Quantity(
        "not_compared",
        "Not compared",
        "Share of heads with an explanation, but no margin over a control that could tell.",
    ),
    Quantity(
        "with_explanation",
        "With an explanation",
        "Share of heads that have one, whether or not it counts.",
    ),
)
COMPARED: tuple[Measure | Quantity, ...] = (
    *(measure for measure in MEASURES if measure.comparable),
    Quantity(
        FIRST_DECIDING.margin_of(""),
        f"Margin of {FIRST_DECIDING.within}",
        "The score less the mean of the same score over other heads' explanations.",
        signed=True,
    ),
    *SHARES,
)
SHARE_NAMES = tuple(share.name for share in SHARES)

Values = dict[Place, float]


def values(study: Study, metric: str) -> Values:
    """A measure of each head that has it; of a share 1 or 0."""
    if metric == "with_explanation":
        return {at: float(at in study.with_explanation) for at in study.explanations}
    if metric in SHARE_NAMES:
        wanted = metric.replace("_", " ")
        return {at: float(status == wanted) for at, status in study.statuses.items()}
    return {at: scores[metric] for at, scores in study.scores.items() if metric in scores}


def statistic(metric: str) -> Statistic:
    """What of a measure's values over heads is reported: their mean if a share, else the median."""
    return average(np.mean if metric in SHARE_NAMES else np.median)


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
        for measure in COMPARED:
            found = values(study, measure.name)
            for low, high in bins:
                inside = [value for at, value in found.items() if low <= study.depth(at) < high]
                if inside or (low, high) == (0.0, 1.0):
                    estimate = over_heads(inside, measure.name, resamples, seed)
                    rows.append(
                        {
                            **study.names,
                            "parameters": study.info.parameters,
                            "depth_from": low,
                            "depth_to": high,
                            "metric": measure.name,
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
        for measure in COMPARED:
            one, two = values(first, measure.name), values(second, measure.name)
            changes = [two[at] - one[at] for at in one if at in two]
            rows.append(
                {
                    "compared": ("explainers", "corpora")[shared],
                    "model": first.model,
                    "within": names[0][shared],
                    "first": names[0][1 - shared],
                    "second": names[1][1 - shared],
                    "metric": measure.name,
                    **as_row(over_heads(changes, measure.name, resamples, seed)),
                }
            )
    return rows

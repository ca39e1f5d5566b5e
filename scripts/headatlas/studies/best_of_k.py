"""What more candidates are worth: the expected score of the best of k, from those that were made.

Of K candidates every k are as likely to have been drawn, so that the expected best of k needs no
further call (Chen et al. 2021 do likewise for pass@k). The best is chosen on half of the validation
documents and measured on the other half, and the other way round: where it is chosen, the best of
more candidates is better even where all are the same.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..answers import probabilities, sides_of
from ..intervals import mean_intervals
from ..items import QUESTIONS, Item
from ..records.explanation import Candidate
from ..statistics.auroc import concordance

CHANCE = 0.5
FAILED = -1.0  # less than any score
LEAST_FITTED, LEAST_TESTED = 3, 2  # values of k; the curve has three parameters
OTHER, SAME = "other documents", "the same documents"


class Fit(NamedTuple):
    """a − b·k^(−c), fitted on the smaller k, and how far off it is on the larger ones."""

    asymptote: float
    gain: float
    exponent: float
    fitted: int
    predicted: list[float]
    error: float
    error_of_no_gain: float


def expected_best(
    chosen: Float[np.ndarray, " candidates"], measured: Float[np.ndarray, " candidates"]
) -> Float[np.ndarray, " k"]:
    """The expected `measured` of the candidate that is best by `chosen` among k, for every k.

    An unbiased estimate for k new candidates: the candidate of rank r, from 0, is the best of
    C(K−1−r, k−1) of the C(K, k) subsets. Among equals each is as likely to be kept.
    """
    total = len(chosen)
    order = np.argsort(-chosen, kind="stable")
    kept = np.array([measured[chosen == chosen[at]].mean() for at in order])
    return np.array(
        [
            sum(comb(total - 1 - r, k - 1) * kept[r] for r in range(total)) / comb(total, k)
            for k in range(1, total + 1)
        ]
    )


def curves_of(
    candidates: Sequence[Candidate], items: Sequence[Item], documents: Mapping[int, str]
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]] | None:
    """The expected best of k on other documents and on the same, for one head.

    `candidates` are those of the first round, which have seen nothing of validation text;
    `documents` has that of each window. None where a half has no item of either answer.
    """
    names = sorted({documents[item.window] for item in items})
    first = set(names[::2])
    in_first = [documents[item.window] in first for item in items]
    halves = in_first, [not here for here in in_first]
    scores = [np.array([_score(c, items, half) for c in candidates]) for half in halves]
    if any(np.isnan(score).any() for score in scores):
        return None
    measured = [np.where(score == FAILED, CHANCE, score) for score in scores]
    other = [expected_best(scores[h], measured[1 - h]) for h in (0, 1)]
    same = [expected_best(scores[h], measured[h]) for h in (0, 1)]
    return np.mean(other, axis=0), np.mean(same, axis=0)


def _score(candidate: Candidate, items: Sequence[Item], half: Sequence[bool]) -> float:
    """Mean of the AUROCs of both questions, over the items of a half; NaN where there is none."""
    if not candidate.answers:
        return FAILED
    told = {
        item: answer
        for item, answer, here in zip(items, candidate.answers, half, strict=True)
        if here and answer is not None
    }
    found = []
    for question in QUESTIONS:
        asked = [item for item in told if item.question == question]
        positive, negative = (probabilities(told, side) for side in sides_of(asked))
        if len(positive) and len(negative):
            found.append(float(concordance(positive, negative).mean()))
    return float(np.mean(found)) if found else float("nan")


def fit(curve: Sequence[float]) -> Fit | None:
    """A power law with asymptote through the smaller half of the k, tested on the larger.

    None where there are too few k for both, or no such curve is found.
    """
    from scipy.optimize import OptimizeWarning, curve_fit

    fitted = max(LEAST_FITTED, ceil(len(curve) / 2))
    if len(curve) - fitted < LEAST_TESTED:
        return None
    k, values = np.arange(1, len(curve) + 1, dtype=float), np.array(curve)
    start = [values[fitted - 1], values[fitted - 1] - values[0], 1.0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            (a, b, c), _ = curve_fit(
                power_law,
                k[:fitted],
                values[:fitted],
                p0=start,
                bounds=([-1, -2, 0.01], [2, 2, 10]),
            )
    except (RuntimeError, ValueError):
        return None
    predicted = power_law(k, a, b, c)
    beyond = slice(fitted, None)
    return Fit(
        float(a),
        float(b),
        float(c),
        fitted,
        [float(value) for value in predicted],
        float(np.sqrt(np.mean((predicted[beyond] - values[beyond]) ** 2))),
        float(np.sqrt(np.mean((values[fitted - 1] - values[beyond]) ** 2))),
    )


def power_law(
    k: Float[np.ndarray, " k"], asymptote: float, gain: float, exponent: float
) -> Float[np.ndarray, " k"]:
    """What the best of k comes to, if more candidates add ever less."""
    return asymptote - gain * k**-exponent


def rows_of(
    curves: Sequence[tuple[np.ndarray, np.ndarray]], resamples: int, seed: int
) -> Iterator[dict[str, object]]:
    """The means over heads of their curves with intervals, a row for each k and place."""
    for place, own in zip((OTHER, SAME), zip(*curves, strict=True), strict=True):
        columns = np.stack(own)
        means = mean_intervals(columns, resamples, np.random.default_rng(seed))
        fitted = fit(means[:, 0].tolist()) if place == OTHER else None
        for n, (value, low, high) in enumerate(means):
            yield {
                "k": n + 1,
                "measured_on": place,
                "value": round(float(value), 6),
                "low": round(float(low), 6) if len(columns) > 1 else None,
                "high": round(float(high), 6) if len(columns) > 1 else None,
                "n": len(columns),
                "fitted": round(fitted.predicted[n], 6) if fitted else None,
                "tested": bool(fitted and n >= fitted.fitted),
            }

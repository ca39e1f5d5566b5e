"""AUROC: how often a positive case has more of something than a negative one."""

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined


def auroc(
    positive: Float[np.ndarray, " positives"],
    negative: Float[np.ndarray, " negatives"],
    drawn_positive: Int[np.ndarray, "draws positives"],
    drawn_negative: Int[np.ndarray, "draws negatives"],
) -> Estimate:
    """Probability that a random positive exceeds a random negative, a tie counting half.

    `drawn_*` are `resample_counts` of the cases. Undefined where a side is empty.
    """
    n = len(positive) + len(negative)
    for side, cases in (("positive", positive), ("negative", negative)):
        if len(cases) == 0:
            return undefined(n, f"no {side} cases")
        if not np.isfinite(cases).all():
            return undefined(n, "activation of a case is not finite")
    area = areas(positive, negative, drawn_positive, drawn_negative)
    return estimate(area, n, min(len(positive), len(negative)))


def areas(
    positive: Float[np.ndarray, " positives"],
    negative: Float[np.ndarray, " negatives"],
    drawn_positive: Int[np.ndarray, "draws positives"],
    drawn_negative: Int[np.ndarray, "draws negatives"],
) -> Float[np.ndarray, " draws"]:
    """AUROC in each resample; NaN in one that drew nothing of a side.

    The Mann-Whitney statistic divided by the number of pairs (Hanley and McNeil 1982).
    """
    # Sums of halves are exact, so that no share exceeds 1.
    won = ((drawn_positive @ concordance(positive, negative)) * drawn_negative).sum(axis=1)
    pairs = drawn_positive.sum(axis=1) * drawn_negative.sum(axis=1)
    with np.errstate(invalid="ignore"):
        area: Float[np.ndarray, " draws"] = won / pairs
    return area


def concordance(
    positive: Float[np.ndarray, " positives"], negative: Float[np.ndarray, " negatives"]
) -> Float[np.ndarray, "positives negatives"]:
    """1 where the positive is larger than the negative, 0.5 where equal, 0 where smaller."""
    larger, equal = positive[:, None] > negative, positive[:, None] == negative
    return np.where(larger, 1.0, np.where(equal, 0.5, 0.0))

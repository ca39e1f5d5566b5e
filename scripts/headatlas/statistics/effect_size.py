"""Effect size: how far apart the activation of positive and negative test texts lies."""

import math

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined

# Pooled s.d. below this share of the range of all cases is rounding, not spread.
_NO_SPREAD = 1e-9


def hedges_g(
    positive: Float[np.ndarray, " positives"],
    negative: Float[np.ndarray, " negatives"],
    drawn_positive: Int[np.ndarray, "draws positives"],
    drawn_negative: Int[np.ndarray, "draws negatives"],
) -> Estimate:
    """Hedges' g = J (mean of positives - mean of negatives) / pooled s.d., no unit.

    J is the exact small-sample correction of Hedges (1981), "Distribution theory for
    Glass's estimator of effect size and related estimators", equation 6e. `drawn_*`
    are `resample_counts` of the cases. Undefined with fewer than 2 cases on a
    side, and where neither side has any spread: the ratio has no bound there.
    """
    n = len(positive) + len(negative)
    for side, cases in (("positive", positive), ("negative", negative)):
        if len(cases) < 2:
            return undefined(n, f"too few {side} cases: {len(cases)}, at least 2 are needed")
    everything = np.concatenate([positive, negative])
    if not np.isfinite(everything).all():
        return undefined(n, "activation of a case is not finite")
    # Centred before squaring: large means would drown small variances.
    centre, spread = everything.mean(), float(np.ptp(everything))
    mean_positive, squares_positive = _mean_and_squares(positive - centre, drawn_positive)
    mean_negative, squares_negative = _mean_and_squares(negative - centre, drawn_negative)
    freedom = n - 2
    deviation = np.sqrt((squares_positive + squares_negative) / freedom)
    deviation[deviation <= _NO_SPREAD * spread] = np.nan
    if np.isnan(deviation[0]):
        return undefined(n, "pooled s.d. is 0: activation varies on neither side")
    g = _correction(freedom) * (mean_positive - mean_negative) / deviation
    return estimate(g, n, min(len(positive), len(negative)))


def _mean_and_squares(
    cases: Float[np.ndarray, " cases"], counts: Int[np.ndarray, "draws cases"]
) -> tuple[Float[np.ndarray, " draws"], Float[np.ndarray, " draws"]]:
    """Mean and sum of squared deviations of each resample."""
    mean = counts @ cases / len(cases)
    squares = ((cases - mean[:, None]) ** 2 * counts).sum(axis=1)
    return mean, squares


def _correction(freedom: int) -> float:
    """J(m) = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)) for m degrees of freedom, m > 1."""
    half = freedom / 2
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)

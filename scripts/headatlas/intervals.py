"""The bootstrap: 95 % percentile intervals by resampling windows, test cases or heads.

A resample is how often each unit was drawn, so a statistic that is a function of sums
over units costs one matrix product for all resamples at once. For one that is not, such
as a median, `resampled` draws the units themselves.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from .records.base import Side

# An end of a 95 % interval is known only if no more than 5 % of the resamples are undefined.
_MAX_UNDEFINED = 0.05


class Estimate(NamedTuple):
    """A value with its 95 % interval, or the reason why there is none.

    `constant` is the side that is the same everywhere, where that is the reason.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None
    constant: Side | None = None


def undefined(n: int, reason: str, constant: Side | None = None) -> Estimate:
    """The estimate of what cannot be computed from `n` observations."""
    return Estimate(None, None, None, n, reason, constant)


def generator(seed: int, *about: int | str) -> np.random.Generator:
    """A stream of random numbers for what they are about: what else is drawn moves nothing."""
    words = (a if isinstance(a, int) else int.from_bytes(a.encode(), "big") for a in about)
    return np.random.default_rng([seed, *words])


def resample_counts(
    rng: np.random.Generator, resamples: int, units: int
) -> Int[np.ndarray, "draws units"]:
    """How often each of `units` is drawn in each resample; row 0 is the sample itself."""
    if units == 0:
        return np.zeros((resamples + 1, 0), dtype=int)
    drawn = rng.multinomial(units, np.full(units, 1 / units), size=resamples)
    return np.vstack([np.ones((1, units), dtype=drawn.dtype), drawn])


def mean_intervals(
    values: Float[np.ndarray, "units columns"], resamples: int, rng: np.random.Generator
) -> Float[np.ndarray, "columns 3"]:
    """The mean of each column and the ends of its 95 % interval; columns are drawn together."""
    counts = resample_counts(rng, resamples, len(values))
    means = counts @ values.astype(float) / len(values)
    return np.stack([means[0], *np.percentile(means[1:], [2.5, 97.5], axis=0)], axis=-1)


def estimate(statistic: Float[np.ndarray, " draws"], n: int, units: int) -> Estimate:
    """The estimate from a statistic of the sample (first) and of its resamples (the rest).

    NaN marks a resample in which the statistic is undefined. The interval is left out
    where those are more than 5 %, and where fewer than 2 `units` were there to resample.
    """
    value, drawn = float(statistic[0]), statistic[1:]
    defined = drawn[np.isfinite(drawn)]
    if units < 2 or len(defined) == 0 or len(defined) < (1 - _MAX_UNDEFINED) * len(drawn):
        return Estimate(value, None, None, n)
    low, high = np.percentile(defined, [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)


Statistic = Callable[[Float[np.ndarray, "draws units columns"]], Float[np.ndarray, " draws"]]


def resampled(
    values: Float[np.ndarray, "units columns"],
    statistic: Statistic,
    resamples: int,
    seed: int,
) -> Estimate:
    """The estimate of a statistic over units, of which each has one value or several.

    Columns are resampled together, so a difference between them is a paired one. The
    same number of units and the same seed give the same resamples. NaN is what a statistic
    gives for values that are constant where it needs them to vary.
    """
    units = len(values)
    if units == 0:
        return undefined(0, "nothing to compare")
    drawn = np.random.default_rng(seed).integers(units, size=(resamples, units))
    found = statistic(values[np.vstack([np.arange(units), drawn])])
    if np.isnan(found[0]):
        return undefined(units, "the values are constant")
    return estimate(found, units, units)

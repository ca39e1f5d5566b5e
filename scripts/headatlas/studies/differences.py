"""Differences between a variant and its reference, and how small a one could have been seen."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..comparison.statistics import CHANGE, average
from ..intervals import Estimate, resampled
from .arms import Place

LEVEL, POWER = 0.05, 0.8
PERMUTATIONS = 9_999


class Difference(NamedTuple):
    """A variant less its reference.

    `p` is the probability of as large a difference by chance, `detectable` the smallest true
    difference that a study of this size finds with the probability POWER; None where so few heads
    differ that it finds none, however large.
    """

    estimate: Estimate
    p: float | None
    detectable: float | None
    paired: bool


def difference(
    own: Mapping[Place, float],
    other: Mapping[Place, float],
    *,
    paired: bool,
    comparisons: int,
    resamples: int,
    seed: int,
) -> Difference:
    """The difference of the means of two variants, over the heads that have the measure in both.

    `comparisons` of the measure there are in the study, among which the level of the detectable
    difference is shared out (Bonferroni). Of different models heads are others, and not paired.
    """
    if not paired:
        return unpaired(
            np.array([*own.values()]), np.array([*other.values()]), comparisons, resamples, seed
        )
    both = [at for at in own if at in other]
    pairs = np.array([[other[at], own[at]] for at in both]).reshape(-1, 2)
    estimate = resampled(pairs, average(np.mean, CHANGE), resamples, seed)
    changes = pairs @ np.array(CHANGE)
    if len(changes) < 2:
        return Difference(estimate, None, None, True)
    error = float(changes.std(ddof=1)) / math.sqrt(len(changes))
    differ = int(np.count_nonzero(changes))  # the signs of the others change nothing
    return Difference(
        estimate,
        sign_flips(changes, seed),
        _detectable(error, len(changes) - 1, comparisons, 2**differ if differ else None),
        True,
    )


def unpaired(
    own: Float[np.ndarray, " heads"],
    other: Float[np.ndarray, " others"],
    comparisons: int,
    resamples: int,
    seed: int,
) -> Difference:
    """The difference of the means of two groups of heads, each resampled by itself."""
    from scipy.stats import permutation_test

    few = min(len(own), len(other))
    rng = np.random.default_rng(seed)
    value = float(own.mean() - other.mean())
    if few < 2:
        return Difference(Estimate(value, None, None, few), None, None, False)
    drawn = [g[rng.integers(len(g), size=(resamples, len(g)))].mean(axis=1) for g in (own, other)]
    low, high = np.percentile(drawn[0] - drawn[1], [2.5, 97.5])
    error = math.sqrt(sum(g.var(ddof=1) / len(g) for g in (own, other)))
    tested = permutation_test(
        (own, other),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    estimate = Estimate(value, float(low), float(high), few)
    exchanges = math.comb(len(own) + len(other), len(own))
    detectable = _detectable(error, 2 * few - 2, comparisons, exchanges)
    return Difference(estimate, float(tested.pvalue), detectable, False)


def sign_flips(changes: Float[np.ndarray, " heads"], seed: int) -> float:
    """Probability of as large a mean change if each head's could as well have the other sign.

    Fisher's randomisation test, two-sided: over all signs where there are few, else over
    PERMUTATIONS of them. It assumes of the changes only that they are symmetric about zero where
    the variants are the same.
    """
    from scipy.stats import permutation_test

    if not changes.any():
        return 1.0
    tested = permutation_test(
        (changes,),
        lambda drawn, axis: drawn.mean(axis=axis),
        permutation_type="samples",
        n_resamples=PERMUTATIONS,
        rng=np.random.default_rng(seed),
    )
    return float(tested.pvalue)


def of_deviations(
    own: Estimate,
    other: Estimate,
    deviations: Float[np.ndarray, " draws"],
    comparisons: int,
    *,
    paired: bool,
) -> Difference:
    """The difference of two statistics that are no means, from how it deviates over draws.

    Its p is that of a normal distribution with their standard deviation.
    """
    from scipy.stats import norm

    assert own.value is not None and other.value is not None
    value, heads = own.value - other.value, min(own.n, other.n)
    if not len(deviations):
        return Difference(Estimate(value, None, None, heads), None, None, paired)
    low, high = value + np.percentile(deviations, [2.5, 97.5])
    error = float(deviations.std(ddof=1))
    p = float(2 * norm.sf(abs(value) / error)) if error else float(value == 0)
    estimate = Estimate(value, float(low), float(high), heads)
    return Difference(estimate, p, _detectable(error, heads - 1, comparisons), paired)


def _detectable(
    error: float, freedom: int, comparisons: int, arrangements: int | None = None
) -> float | None:
    """The smallest true difference that is found, at its standard error, with POWER.

    The sum of the quantiles of Student's t for the level, shared out among the comparisons, and
    for the power, times the standard error (Bloom 1995). A two-sided test over so many
    `arrangements`, equally likely, has no p between the multiples of 2 / arrangements: the level is
    the largest of them that is allowed, and where that is 0 nothing is found.
    """
    from scipy.stats import t

    level = LEVEL / max(comparisons, 1)
    if arrangements is not None and arrangements <= PERMUTATIONS:  # else nearly any p
        level = math.floor(level * arrangements / 2) * 2 / arrangements
    if not level:
        return None
    return float((t.ppf(1 - level / 2, freedom) + t.ppf(POWER, freedom)) * error)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Each p for all of them together (Holm 1979); those that are unknown do not count."""
    known = sorted((p, n) for n, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    most = 0.0
    for rank, (p, n) in enumerate(known):
        most = max(most, min(1.0, p * (len(known) - rank)))
        adjusted[n] = most
    return adjusted

"""Effect size, AUROC and the bootstrap, against values worked out by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.intervals import Estimate, estimate, mean_intervals, resample_counts
from headatlas.statistics.auroc import auroc
from headatlas.statistics.effect_size import hedges_g

sides = st.lists(st.integers(-50, 50), min_size=2, max_size=8)
RESAMPLES = 50


def compared(compare: Callable, positive: list, negative: list, resamples: int) -> Estimate:
    rng = np.random.default_rng(0)
    drawn = [resample_counts(rng, resamples, len(side)) for side in (positive, negative)]
    found: Estimate = compare(np.array(positive, float), np.array(negative, float), *drawn)
    return found


def g(positive: list, negative: list, resamples: int = RESAMPLES) -> Estimate:
    return compared(hedges_g, positive, negative, resamples)


def area(positive: list, negative: list, resamples: int = RESAMPLES) -> Estimate:
    return compared(auroc, positive, negative, resamples)


def test_hedges_g_by_hand() -> None:
    # Means 4 and 1, both variances 1, so d = 3; J(4) = gamma(2) / (sqrt(2) gamma(1.5)).
    correction = 1 / (math.sqrt(2) * math.sqrt(math.pi) / 2)
    assert correction == pytest.approx(0.797885, abs=1e-6)
    result = g([3, 4, 5], [0, 1, 2])
    assert result.value == pytest.approx(3 * correction)
    assert (result.n, result.reason) == (6, None)


def test_sides_of_different_size_share_a_pooled_deviation() -> None:
    # Squares about the means: 2 and 8 on 1 + 3 degrees of freedom: s.d. sqrt(10 / 4).
    value = g([5, 7], [0, 2, 2, 4]).value
    assert value == pytest.approx(0.797885 * 4 / math.sqrt(2.5), abs=1e-5)


@pytest.mark.parametrize(
    ("positive", "negative", "reason"),
    [
        ([1], [0, 2], "too few positive cases: 1, at least 2 are needed"),
        ([1, 2], [], "too few negative cases: 0, at least 2 are needed"),
        ([0.1, 0.1, 0.1], [0.7, 0.7, 0.7], "pooled s.d. is 0: activation varies on neither side"),
        ([3, 3], [3, 3], "pooled s.d. is 0: activation varies on neither side"),
        ([math.nan, 1], [0, 2], "activation of a case is not finite"),
    ],
)
def test_undefined_effect_size_has_a_reason(positive: list, negative: list, reason: str) -> None:
    n = len(positive) + len(negative)
    assert g(positive, negative) == Estimate(None, None, None, n, reason)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 9), st.integers(2, 9))
def test_no_spread_is_seen_however_it_rounds(high: float, low: float, n: int, m: int) -> None:
    assert g([high] * n, [low] * m).reason == "pooled s.d. is 0: activation varies on neither side"


@given(sides, sides)
def test_effect_size_changes_sign_with_its_sides(positive: list, negative: list) -> None:
    one, other = g(positive, negative).value, g(negative, positive).value
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one == pytest.approx(-other)


@given(sides, sides, st.integers(1, 1000), st.integers(-1000, 1000))
def test_effect_size_has_no_unit(positive: list, negative: list, scale: int, shift: int) -> None:
    before = g(positive, negative).value
    after = g([x * scale + shift for x in positive], [x * scale + shift for x in negative]).value
    assert after == (None if before is None else pytest.approx(before))


def test_auroc_by_hand() -> None:
    # 9 pairs: 3 beats all three; 2 beats 1 and 0, ties with 2; 0 ties with 0: 6 / 9.
    result = area([3, 2, 0], [0, 1, 2])
    assert result.value == pytest.approx(6 / 9)
    assert result.n == 6


@pytest.mark.parametrize(
    ("positive", "negative", "reason"),
    [
        ([], [1, 2], "no positive cases"),
        ([1], [], "no negative cases"),
        ([1, 2], [math.inf], "activation of a case is not finite"),
    ],
)
def test_undefined_auroc_has_a_reason(positive: list, negative: list, reason: str) -> None:
    assert area(positive, negative).reason == reason
    assert area(positive, negative).value is None


@given(sides, sides)
def test_auroc_of_swapped_sides_is_the_complement(positive: list, negative: list) -> None:
    assert area(positive, negative).value == pytest.approx(1 - area(negative, positive).value)


@given(sides, sides)
def test_auroc_sees_only_the_order(positive: list, negative: list) -> None:
    cubes = area([x**3 for x in positive], [x**3 for x in negative])
    assert cubes.value == pytest.approx(area(positive, negative).value)


@given(sides, sides)
def test_intervals_are_ordered(positive: list, negative: list) -> None:
    for result in (g(positive, negative), area(positive, negative)):
        if result.low is not None and result.high is not None:
            assert result.low <= result.high


def test_intervals_contain_the_value_of_a_symmetric_case_and_narrow_with_more() -> None:
    few, many = [4, 5, 6, 7], [4, 5, 6, 7] * 10
    for score in (g, area):
        small = score(few, [x - 1 for x in few], 1000)
        large = score(many, [x - 1 for x in many], 1000)
        assert small.low < small.value < small.high
        assert large.low < large.value < large.high
        assert large.high - large.low < (small.high - small.low) / 2


def test_perfect_separation_has_auroc_one_in_every_resample() -> None:
    assert area([5, 6], [1, 2])[:3] == (1, 1, 1)


def test_a_side_of_one_case_leaves_no_interval() -> None:
    assert area([5], [1, 2, 9])[:3] == (pytest.approx(2 / 3), None, None)


def test_resamples_begin_with_the_sample_and_have_its_size() -> None:
    counts = resample_counts(np.random.default_rng(3), 200, 5)
    assert counts.shape == (201, 5)
    assert (counts[0] == 1).all()
    assert (counts.sum(axis=1) == 5).all()
    assert (counts == resample_counts(np.random.default_rng(3), 200, 5)).all()
    # Every unit is drawn once a resample in the mean, and left out of (4/5)^5 = 33 %.
    assert counts[1:].mean(axis=0) == pytest.approx(np.ones(5), abs=0.25)
    assert (counts[1:] == 0).mean() == pytest.approx(0.33, abs=0.05)


def test_interval_is_the_central_95_percent() -> None:
    statistic = np.concatenate([[40.0], np.arange(101.0)])
    assert estimate(statistic, n=7, units=7) == Estimate(40.0, 2.5, 97.5, 7)


def test_no_interval_where_many_resamples_are_undefined() -> None:
    statistic = np.concatenate([[40.0], np.arange(100.0)])
    statistic[1:6] = np.nan
    assert estimate(statistic, 7, 7).low is not None
    statistic[6] = np.nan
    assert estimate(statistic, 7, 7) == Estimate(40.0, None, None, 7)


def test_no_interval_from_one_unit() -> None:
    assert estimate(np.array([1.0, 1.0, 1.0]), n=9, units=1) == Estimate(1.0, None, None, 9)


def test_means_of_columns_that_are_drawn_together() -> None:
    values = np.array([[0.0, 0.0, 5.0], [1.0, 2.0, 5.0]])
    found = mean_intervals(values, RESAMPLES, np.random.default_rng(0))
    # Both units, or one of them twice: the mean is 0, 0.5 or 1.
    assert found.tolist() == [[0.5, 0, 1], [1, 0, 2], [5, 5, 5]]

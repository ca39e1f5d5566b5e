"""Differences between variants: on cases worked out by hand, and on heads whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.intervals import Estimate
from headatlas.studies.differences import (
    LEVEL,
    difference,
    holm,
    of_deviations,
    sign_flips,
    unpaired,
)
from headatlas.studies.findings import findings

NOISE = 0.05


def heads(values: list[float]) -> dict[tuple[int, int], float]:
    return {(0, n): value for n, value in enumerate(values)}


def test_paired_differences_are_over_the_heads_of_both() -> None:
    own = heads([1.0, 2.0, 3.0, 9.0])
    other = heads([0.5, 1.0, 1.5])
    found = difference(own, other, paired=True, comparisons=1, resamples=200, seed=0)
    assert found.estimate.value == 1.0 and found.estimate.n == 3 and found.paired
    assert found.estimate.low is not None and 0.5 <= found.estimate.low <= 1.0
    # Of the 8 ways to give three positive changes signs, two are as large: +++ and ---.
    assert found.p == 2 / 8


def test_detectable_is_worked_out_by_hand() -> None:
    """Quantiles of Student's t with one degree of freedom, a Cauchy distribution, are tangents."""
    two_draws = np.array([-1.0, 1.0]) / np.sqrt(2)  # whose standard deviation is 1
    one = Estimate(1.0, None, None, 2)
    found = of_deviations(one, one, two_draws, 1, paired=True)
    tangents = np.tan(np.pi * (0.975 - 0.5)) + np.tan(np.pi * (0.8 - 0.5))
    assert found.detectable == pytest.approx(tangents)


@pytest.mark.parametrize(
    ("paired", "comparisons", "least"), [(True, 1, 6), (True, 3, 7), (False, 1, 4)]
)
def test_too_few_heads_show_no_difference(paired: bool, comparisons: int, least: int) -> None:
    """Of n heads the smallest p is 2 / 2^n; of n and n others 2 / C(2n, n)."""
    for count in (least - 1, least):
        own, other = heads([1.0 + n / 99 for n in range(count)]), heads([0.0] * count)
        found = difference(own, other, paired=paired, comparisons=comparisons, resamples=10, seed=0)
        assert found.p is not None and (found.p * comparisons < LEVEL) == (count == least)
        assert (found.detectable is None) == (count < least)
        row = {
            "measure": "explained", "variant": "v", "reference": "", "paired": paired,
            "pairs": count, "p": found.p, "p_adjusted": found.p * comparisons,
            "difference": found.estimate.value, "difference_low": found.estimate.low,
            "difference_high": found.estimate.high, "detectable": found.detectable,
        }  # fmt: skip
        (told,) = findings([row], ["explained"])
        assert told.apart == (count == least)
        assert ("Too few heads differ to show anything" in told.text) == (count < least)


def test_heads_that_do_not_differ_show_nothing() -> None:
    """Of 13 heads five differ, all in one direction: the signs have 32 arrangements, two as far."""
    own = heads([0.05] * 5 + [0.0] * 8)
    found = difference(own, heads([0.0] * 13), paired=True, comparisons=1, resamples=9, seed=0)
    assert found.p == 2 / 32 and found.detectable is None


def test_variants_that_are_the_same_differ_by_nothing() -> None:
    same = heads([0.1, 0.7, 0.4, 0.2, 0.9, 0.3])
    found = difference(same, same, paired=True, comparisons=1, resamples=50, seed=0)
    assert found.estimate.value == 0 and found.p == 1.0 and found.detectable == 0


def test_one_head_has_no_interval() -> None:
    found = difference(heads([1.0]), heads([0.0]), paired=True, comparisons=1, resamples=9, seed=0)
    assert found.estimate.value == 1.0
    assert found.estimate.low is found.p is found.detectable is None


def test_heads_of_two_models_are_not_paired() -> None:
    found = unpaired(np.array([3.0, 5.0]), np.array([1.0, 1.0, 1.0]), 1, 100, 0)
    assert found.estimate.value == 3.0 and found.estimate.n == 2 and not found.paired
    assert found.p is not None and found.p <= 0.25


def test_the_level_is_kept_and_the_power_is_what_is_said() -> None:
    """Without a difference about 5 % of studies find one; with the detectable one 80 % do."""
    rng = np.random.default_rng(0)
    said = difference(
        heads([*rng.normal(0, NOISE, 24)]), heads([0.0] * 24),
        paired=True, comparisons=1, resamples=10, seed=0,
    ).detectable  # fmt: skip
    assert said is not None
    found = {0.0: 0, said: 0}
    for true in found:
        for seed in range(200):
            changes = np.random.default_rng([seed, 1]).normal(true, NOISE, 24)
            # The normal approximation of Fisher's test, which would take a second each.
            t = changes.mean() / (changes.std(ddof=1) / np.sqrt(24))
            found[true] += abs(t) > 2.069
    assert 2 <= found[0.0] <= 20, found
    assert 140 <= found[said] <= 190, found


def test_random_signs_agree_with_students_t() -> None:
    from scipy.stats import ttest_1samp

    changes = np.random.default_rng(3).normal(0.02, NOISE, 24)
    assert sign_flips(changes, 0) == pytest.approx(ttest_1samp(changes, 0).pvalue, abs=0.02)


def test_holm_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_makes_nothing_smaller(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a is not None and a >= p for p, a in zip(p_values, adjusted, strict=True))
    ordered = [adjusted[n] or 0.0 for n in np.argsort(p_values, kind="stable")]
    assert ordered == sorted(ordered) and max(ordered, default=0) <= 1
    assert LEVEL == 0.05

"""The mean over clusters, against a case by hand and the mean of single observations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from headatlas.statistics.clustered import clustered_mean

VALUES = st.lists(st.floats(-10, 10), min_size=3, max_size=30)


def test_a_case_by_hand() -> None:
    mean = clustered_mean([1.0, 1.0, 3.0], [7, 7, 2])
    # Sums 2 and 3, counts 2 and 1: residuals of -4/3 and 4/3.
    assert mean == pytest.approx((5 / 3, 8 / 9, 1))


@given(VALUES)
def test_clusters_of_one_are_observations(values: list[float]) -> None:
    mean = clustered_mean(values, range(len(values)))
    if mean.error > 1e-6:
        known = ttest_1samp(values, 0).confidence_interval(0.9)
        assert mean.interval(0.9) == pytest.approx((known.low, known.high), rel=1e-6, abs=1e-9)


@given(VALUES, st.integers(2, 5))
def test_the_same_once_more_tells_no_more(values: list[float], times: int) -> None:
    once = clustered_mean(values, range(len(values)))
    again = clustered_mean(values * times, [*range(len(values))] * times)
    assert again == pytest.approx(once, rel=1e-6, abs=1e-9)


def test_one_cluster_has_no_interval() -> None:
    assert clustered_mean([1.0, 2.0], [5, 5]).interval(0.95) == (-np.inf, np.inf)


def test_what_does_not_vary_is_known() -> None:
    assert clustered_mean([1.5] * 3, [0, 1, 2]).interval(0.95) == (1.5, 1.5)


def test_of_nothing_there_is_none() -> None:
    with pytest.raises(ValueError, match="no values"):
        clustered_mean([], [])

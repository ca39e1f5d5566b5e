"""Pearson's correlation from sums over windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.statistics.correlation import constant_side, moments, pearson, why_undefined

values = st.floats(-10, 10).map(lambda x: round(x, 1))
windows = st.lists(st.lists(st.tuples(values, values), min_size=1, max_size=6), min_size=1)


def stack(predicted: list[list], measured: list[list]) -> np.ndarray:
    """Moments of windows, of one explanation."""
    rows = zip(np.array(predicted, float), np.array(measured, float), strict=True)
    return np.array([moments(p, m) for p, m in rows])


@given(windows)
def test_pearson_from_sums_is_pearson_of_all_values(pairs: list) -> None:
    columns = [np.array(window).T for window in pairs]
    x, y = np.concatenate(columns, axis=1)
    r = float(pearson(sum(moments(a, b) for a, b in columns)))
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(r)
    else:
        assert r == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)


@given(st.floats(1e-30, 1e6) | st.floats(-1e6, -1e-30) | st.just(0.0), st.integers(2, 300))
def test_constants_have_no_correlation_however_they_round(value: float, n: int) -> None:
    assert np.isnan(pearson(moments(np.full(n, value), np.arange(float(n)))))


def test_the_rounding_of_stored_values_is_no_variation() -> None:
    """A value between two of half precision, stored now as the lower and now as the upper one."""
    between = np.tile([1 + 2.0**-11 - 1e-6, 1 + 2.0**-11 + 1e-6], 50)
    stored = between.astype(np.float16).astype(float)
    assert np.ptp(stored) == 2.0**-10
    predicted = np.tile([0.0, 1.0], 50)
    assert np.isnan(pearson(moments(predicted, stored)))
    assert pearson(moments(predicted, stored + 0.01 * predicted)) == pytest.approx(1)


def test_correlation_of_a_resample_is_that_of_its_windows() -> None:
    x, y = [[1, 2], [3, 5], [0, 4]], [[2, 1], [4, 4], [1, 3]]
    twice_the_first = np.array([[2, 0, 1]])
    r = pearson(twice_the_first @ stack(x, y))
    expected = np.corrcoef([1, 2, 1, 2, 0, 4], [2, 1, 2, 1, 1, 3])[0, 1]
    assert r == pytest.approx([expected])


@pytest.mark.parametrize(
    ("predicted", "measured", "side", "reason"),
    [
        ([0, 0, 0, 0], [1, 2, 3, 4], "predicted", "predicted attention is constant"),
        ([0, 0, 0, 0], [5, 5, 5, 5], "predicted", "predicted attention is constant"),
        ([1, 2, 3, 4], [5, 5, 5, 5], "measured", "measured attention is constant"),
        ([1, 2, 3, np.inf], [5, 6, 5, 5], None, "attention is not finite"),
        ([1, 1, 1, 1], [1, 2, 3, np.inf], None, "attention is not finite"),
    ],
)
def test_undefined_correlation_has_a_reason(
    predicted: list, measured: list, side: str | None, reason: str
) -> None:
    sums = moments(np.array(predicted, float), np.array(measured, float))
    assert np.isnan(pearson(sums))
    assert (constant_side(sums), why_undefined("attention", sums)) == (side, reason)


def test_where_neither_side_is_constant_none_is_named() -> None:
    assert constant_side(moments(np.arange(3.0), np.arange(3.0) ** 2)) is None

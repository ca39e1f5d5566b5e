"""Wilson's interval, against published values and what every interval has to be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.statistics.proportion import wilson


def test_intervals_by_hand() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_share_and_is_the_mirror_of_the_rest(counts: tuple[int, int]) -> None:
    found, n = counts
    low, high = wilson(found, n)
    assert 0 <= low <= found / n + 1e-12 and found / n - 1e-12 <= high <= 1
    assert wilson(n - found, n) == pytest.approx((1 - high, 1 - low))


def test_nothing_has_none() -> None:
    with pytest.raises(ValueError, match="a share of nothing"):
        wilson(0, 0)

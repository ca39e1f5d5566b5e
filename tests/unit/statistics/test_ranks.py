"""Ranks by hand, and as SciPy has them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from headatlas.statistics.ranks import mean_ranks


def test_equals_share_their_mean_rank() -> None:
    assert mean_ranks(np.array([3.0, 1.0, 3.0, 7.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


@given(st.lists(st.integers(-3, 3).map(float), min_size=1))
def test_ranks_are_those_of_scipy(values: list[float]) -> None:
    assert mean_ranks(np.array(values)).tolist() == rankdata(values).tolist()

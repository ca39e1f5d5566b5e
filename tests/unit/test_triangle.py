import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.triangle import pack, unpack


def test_rows_of_the_triangle_follow_each_other() -> None:
    matrix = np.array([[1.0, 9, 9], [2, 3, 9], [4, 5, 6]])
    assert pack(matrix).tolist() == [1, 2, 3, 4, 5, 6]
    assert unpack(pack(matrix)).tolist() == [[1, 0, 0], [2, 3, 0], [4, 5, 6]]


@given(st.integers(0, 40), st.lists(st.integers(0, 3), max_size=2))
def test_a_causal_matrix_comes_back(size: int, some: list[int]) -> None:
    rng = np.random.default_rng(size)
    matrix = np.tril(rng.random((*some, size, size))).astype(np.float16)
    pairs = pack(matrix)
    assert pairs.shape == (*some, size * (size + 1) // 2)
    assert unpack(pairs).dtype == np.float16
    np.testing.assert_array_equal(unpack(pairs), matrix)


@pytest.mark.parametrize("count", [2, 4, 5, 7])
def test_what_is_no_triangle_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} pairs are not the lower triangle"):
        unpack(np.zeros(count))

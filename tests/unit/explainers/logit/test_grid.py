"""The layout of cells: there and back, and rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.explainers.logit.grid import BIN_ENDS, Grid

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=4)


def test_the_cells_of_two_windows() -> None:
    grid = Grid([2, 3])
    assert grid.row.tolist() == [0, 1, 1, 2, 3, 3, 4, 4, 4]
    assert grid.key.tolist() == [0, 0, 1, 0, 0, 1, 0, 1, 2]
    assert grid.bin.tolist() == [0, 1, 0, 0, 1, 0, 2, 1, 0]
    assert grid.key_row.tolist() == [0, 0, 1, 2, 2, 3, 2, 3, 4]
    assert grid.window.tolist() == [0, 0, 1, 1, 1]


def test_a_bin_ends_with_its_upper_end() -> None:
    grid = Grid([BIN_ENDS[-1] + 2])
    last = grid.bin[grid.starts[-1] :][::-1]  # by distance
    for i, end in enumerate(BIN_ENDS):
        assert last[end] == i
        assert last[end + 1] == i + 1


@given(LENGTHS, st.integers(0, 99))
def test_there_and_back(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrices = [np.tril(rng.random((n, n))) for n in lengths]
    grid = Grid(lengths)
    for matrix, again in zip(matrices, grid.unflatten(grid.flatten(matrices)), strict=True):
        np.testing.assert_array_equal(matrix, again)


@given(LENGTHS, st.floats(0, 1e4))
def test_softmax_has_rows_that_sum_to_1_whatever_the_scores(
    lengths: list[int], size: float
) -> None:
    grid = Grid(lengths)
    scores = size * np.random.default_rng(0).normal(size=grid.n_cells)
    predicted, normaliser = grid.softmax(scores)
    np.testing.assert_allclose(grid.row_sums(predicted), 1)
    np.testing.assert_allclose(predicted, np.exp(scores - normaliser[grid.row]), atol=1e-9)


def test_softmax_by_hand() -> None:
    predicted, normaliser = Grid([2]).softmax(np.log([5.0, 1.0, 3.0]))
    assert predicted == pytest.approx([1, 0.25, 0.75])
    assert np.exp(normaliser) == pytest.approx([5, 4])

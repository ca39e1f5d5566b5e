"""How much is explained, on cases worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.grid import Grid
from headatlas.explainers.logit.measures import (
    divergences,
    even,
    explained,
    first_evened,
    overlap,
    without_first,
)

GRID = Grid([3])
HEAD = np.array([1, 0, 1, 0.5, 0.5, 0])


def test_divergences_by_hand() -> None:
    assert divergences(HEAD, even(GRID), GRID) == pytest.approx([0, math.log(2), math.log(1.5)])


def test_explained_by_hand() -> None:
    predicted = np.array([1, 0.5, 0.5, 0.5, 0.25, 0.25])
    left = math.log(2) + 0.5 * math.log(2)
    assert explained(HEAD, predicted, even(GRID), GRID) == pytest.approx(
        1 - left / (math.log(2) + math.log(1.5))
    )


def test_without_position_0_rows_are_scaled_anew() -> None:
    assert without_first(HEAD, GRID).tolist() == [0, 0, 1, 0, 1, 0]
    assert without_first(np.array([1, 1, 0, 1, 0, 0.0]), GRID).tolist() == [0] * 6
    predicted = np.array([1, 0.9, 0.1, 0.2, 0.2, 0.6])
    parts = [without_first(c, GRID) for c in (HEAD, predicted, even(GRID))]
    assert explained(*parts, GRID) == pytest.approx(1 - math.log(4) / math.log(2))


def test_position_0_is_given_the_share_of_even_attention() -> None:
    predicted = np.array([1, 0.9, 0.1, 0.2, 0.2, 0.6])
    assert first_evened(predicted, GRID) == pytest.approx([1, 1 / 2, 1 / 2, 1 / 3, 1 / 6, 1 / 2])


def test_overlap_by_hand() -> None:
    predicted = np.array([1, 0.5, 0.5, 0.5, 0.25, 0.25])
    assert overlap(HEAD, predicted) == pytest.approx(2.25 / 3.75)
    kept = GRID.not_first
    assert overlap(HEAD * kept, predicted * kept) == pytest.approx(0.75 / 1.75)
    assert math.isnan(overlap(np.zeros(6), np.zeros(6)))


@given(st.integers(0, 99))
def test_the_ends_of_the_scales(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = windows_of(rng, 7, 5)
    head, other = random_rows(rng, windows.grid), random_rows(rng, windows.grid)
    grid = windows.grid
    assert explained(head, head, even(grid), grid) == pytest.approx(1)
    assert explained(head, even(grid), even(grid), grid) == pytest.approx(0)
    assert explained(head, other, even(grid), grid) < 1
    assert (divergences(head, other, grid) >= -1e-12).all()
    assert overlap(head, head) == pytest.approx(1)
    assert 0 <= overlap(head, other) < 1
    assert overlap(head, other) == pytest.approx(overlap(other, head))


def test_even_attention_leaves_nothing_to_explain() -> None:
    assert math.isnan(explained(even(GRID), HEAD, even(GRID), GRID))

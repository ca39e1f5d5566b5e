"""The conditional logit: its derivatives and its fit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.features import FeatureTable
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.measures import divergences
from headatlas.explainers.logit.model import (
    N_POSITION,
    Behaviour,
    Logit,
    behaviour_cells,
    derivatives,
    refit,
    scores,
)
from headatlas.explainers.symbolic.language import parse_source, parse_trigger

SAME = parse_source("all(same_token)")
ANY = parse_trigger("any")


@given(st.integers(0, 999))
def test_derivatives_are_those_of_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = windows_of(rng, 12, 9)
    grid, attention = windows.grid, random_rows(rng, windows)
    lists = [np.flatnonzero(rng.random(grid.n_cells) < 0.3) for _ in range(2)]
    weights = rng.normal(size=N_POSITION + 2)

    def likelihood(w: np.ndarray) -> float:
        found = scores(w, grid, lists)
        return float(attention @ found - grid.softmax(found)[1].sum())

    def gradient(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        predicted = grid.softmax(scores(w, grid, lists))[0]
        return derivatives(attention - predicted, predicted, grid, lists)

    e = 1e-5
    steps = e * np.eye(len(weights))
    slopes = [(likelihood(weights + d) - likelihood(weights - d)) / (2 * e) for d in steps]
    curves = [(gradient(weights + d)[0] - gradient(weights - d)[0]) / (2 * e) for d in steps]
    found, information = gradient(weights)
    np.testing.assert_allclose(found, slopes, atol=1e-6)
    np.testing.assert_allclose(information, -np.array(curves), atol=1e-6)


def test_planted_weights_are_recovered() -> None:
    rng = np.random.default_rng(0)
    windows = windows_of(rng, 60, 60)
    kernel = np.zeros(N_BINS)
    kernel[:4] = [-1, 2, 1, 0.5]
    planted = Logit(tuple(kernel), 1.5, (Behaviour(SAME, ANY, 3.0),))
    attention = planted.predict(windows)
    cells = [behaviour_cells(SAME, ANY, windows)]
    fit = refit(np.zeros(0), attention, windows.grid, cells, ridge=1e-6)
    assert fit.converged
    assert fit.weights[N_BINS:] == pytest.approx([1.5, 3.0], abs=0.01)
    assert fit.weights[1:4] - fit.weights[0] == pytest.approx([3, 2, 1.5], abs=0.01)
    assert divergences(attention, fit.predicted, windows.grid).sum() < 1e-4


def test_a_sharp_head_is_fitted_to_the_end() -> None:
    """Nearly all on the first token or on the token before: weights far from their start."""
    windows = windows_of(np.random.default_rng(0), 128, 128, 128)
    grid = windows.grid
    distance = grid.query[grid.row] - grid.key
    repeated = windows.tokens % 3 == 0
    wanted = np.where(repeated[grid.row], distance == 1, grid.key == 0)
    attention = grid.normalised(wanted + 1e-7)
    fit = refit(np.zeros(0), attention, grid, [], ridge=0.1)
    assert fit.converged
    assert fit.gradient < 0.1
    assert fit.weights[:N_BINS].sum() == pytest.approx(0, abs=1e-6)
    assert np.ptp(fit.weights) > 8
    again = refit(fit.weights + 5.0, attention, grid, [], ridge=0.1)
    np.testing.assert_allclose(again.weights, fit.weights, atol=0.02)


def test_a_fit_that_runs_out_of_steps_says_so() -> None:
    rng = np.random.default_rng(0)
    windows = windows_of(rng, 40)
    attention = windows.grid.normalised((windows.grid.key == 0) + 1e-6)
    fit = refit(np.zeros(0), attention, windows.grid, [], ridge=0.1, steps=1)
    assert not fit.converged
    assert fit.gradient > 1


def test_without_a_ridge_there_is_no_one_answer() -> None:
    windows = windows_of(np.random.default_rng(0), 5)
    with pytest.raises(ValueError, match="ridge is 0"):
        refit(np.zeros(0), np.ones(windows.grid.n_cells), windows.grid, [], ridge=0.0)


def test_a_weight_multiplies_odds() -> None:
    """On even attention, ln 3 makes a repeated token three times as likely as another."""
    windows = windows_of(np.random.default_rng(3), 12)
    cells = behaviour_cells(SAME, ANY, windows)
    assert len(cells)
    logit = Logit((0.0,) * N_BINS, 0.0, (Behaviour(SAME, ANY, math.log(3)),))
    (matrix,) = windows.grid.unflatten(logit.predict(windows))
    for row, key in zip(windows.grid.row[cells], windows.grid.key[cells], strict=True):
        assert matrix[row, key] == pytest.approx(3 * matrix[row, 0])


def test_the_table_gives_the_same_cells_as_the_windows() -> None:
    windows = windows_of(np.random.default_rng(0), 20, 20)
    table, late = FeatureTable(windows), parse_trigger("late")
    np.testing.assert_array_equal(
        behaviour_cells(SAME, late, table), behaviour_cells(SAME, late, windows)
    )

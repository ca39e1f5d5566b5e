"""The conditional logit: its derivatives and its fit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.features import Feature, Term, term_of
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.measures import divergences
from headatlas.explainers.logit.model import (
    N_POSITION,
    Behaviour,
    Logit,
    covariance,
    derivatives,
    level_gain,
    level_weights,
    masses,
    position_terms,
    refit,
    scores,
)
from headatlas.explainers.symbolic.language import EVERYTHING, parse_source, parse_trigger

SAME = parse_source("all(same_token)")
ANY = parse_trigger("any")


@pytest.mark.slow
@given(st.integers(0, 999))
def test_derivatives_are_those_of_finite_differences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = windows_of(rng, 12, 9)
    grid, attention = windows.grid, random_rows(rng, windows.grid)
    terms = position_terms(grid)
    for n_levels in (1, 3, 4):
        cells = np.flatnonzero(rng.random(grid.n_cells) < 0.3 * n_levels)
        terms.append(Term(cells, rng.integers(n_levels, size=len(cells)), n_levels, grid))
    weights = rng.normal(size=N_POSITION + 8)

    def likelihood(w: np.ndarray) -> float:
        found = scores(w, grid, terms)
        return float(attention @ found - grid.softmax(found)[1].sum())

    def gradient(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        predicted = grid.softmax(scores(w, grid, terms))[0]
        return derivatives(attention - predicted, predicted, grid, terms)

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
    first = np.linspace(1.5, 2.5, N_BINS)
    by_token = Behaviour(parse_source("tokens(2, 4)"), ANY, 0.0, "token", (1.0, -2.0))
    planted = Logit(tuple(kernel), tuple(first), -0.5, (Behaviour(SAME, ANY, 3.0), by_token))
    attention = planted.predict(windows)
    terms = [term_of(b.feature, windows) for b in planted.behaviours]
    terms = [*position_terms(windows.grid), *terms]
    fit = refit(np.zeros(0), attention, windows.grid, terms, ridge=1e-6)
    assert fit.converged
    assert fit.weights[N_POSITION - 1 :] == pytest.approx([-0.5, 3.0, 1.0, -2.0], abs=0.02)
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
    fit = refit(np.zeros(0), attention, grid, position_terms(grid), ridge=0.1)
    assert fit.converged
    assert fit.gradient < 0.1
    assert fit.weights[:N_BINS].sum() == pytest.approx(0, abs=1e-6)
    assert np.ptp(fit.weights) > 8
    again = refit(fit.weights + 5.0, attention, grid, position_terms(grid), ridge=0.1)
    np.testing.assert_allclose(again.weights, fit.weights, atol=0.02)


def test_a_fit_that_runs_out_of_steps_says_so() -> None:
    rng = np.random.default_rng(0)
    windows = windows_of(rng, 40)
    attention = windows.grid.normalised((windows.grid.key == 0) + 1e-6)
    fit = refit(
        np.zeros(0), attention, windows.grid, position_terms(windows.grid), ridge=0.1, steps=1
    )
    assert not fit.converged
    assert fit.gradient > 1


def test_without_a_ridge_there_is_no_one_answer() -> None:
    windows = windows_of(np.random.default_rng(0), 5)
    with pytest.raises(ValueError, match="ridge is 0"):
        refit(np.zeros(0), np.ones(windows.grid.n_cells), windows.grid, [], ridge=0.0)


def test_a_weight_multiplies_odds() -> None:
    """On even attention, ln 3 makes a repeated token three times as likely as another."""
    windows = windows_of(np.random.default_rng(3), 12)
    term = term_of(Feature(SAME, ANY), windows)
    assert len(term.cells)
    even = (0.0,) * N_BINS
    logit = Logit(even, even, 0.0, (Behaviour(SAME, ANY, math.log(3)),))
    (matrix,) = windows.grid.unflatten(logit.predict(windows))
    for row, key in zip(windows.grid.row[term.cells], windows.grid.key[term.cells], strict=True):
        assert matrix[row, key] == pytest.approx(3 * matrix[row, 0])


def test_the_first_token_has_a_weight_by_distance_and_the_second_one() -> None:
    windows = windows_of(np.random.default_rng(3), 3)
    first = tuple(math.log(2 + i) for i in range(N_BINS))
    (found,) = windows.grid.unflatten(Logit((0.0,) * N_BINS, first, math.log(5)).predict(windows))
    np.testing.assert_allclose(found, [[1, 0, 0], [3 / 8, 5 / 8, 0], [0.4, 0.5, 0.1]])


def test_the_best_weights_of_one_more_term_are_the_best() -> None:
    rng = np.random.default_rng(0)
    a, m = rng.dirichlet(np.ones(4), size=(2, 50))
    a, m = a[:, :3], m[:, :3]  # the rest of each row is in no level

    def value(w: np.ndarray) -> float:
        return float(level_gain(w, a, m).sum() - 0.25 * w @ w)

    best = level_weights(a, m, 0.5)
    for step in 1e-3 * np.vstack([np.eye(3), -np.eye(3)]):
        assert value(best + step) < value(best)


def test_one_more_term_by_hand() -> None:
    """Odds of 1:1 under A and 1:3 under P: the weight ln 3, the gain ½ ln 3 − ln(3/2)."""
    a, m = np.full((4, 1), 0.5), np.full((4, 1), 0.25)
    weights = level_weights(a, m, 1e-9)
    assert weights == pytest.approx([math.log(3)])
    gain = 0.5 * math.log(3) - math.log(1.5)
    assert level_gain(weights, a, m) == pytest.approx([gain] * 4)


def test_the_gain_of_a_term_is_that_of_the_likelihood() -> None:
    rng = np.random.default_rng(1)
    windows = windows_of(rng, 20, 20)
    grid, attention = windows.grid, random_rows(rng, windows.grid)
    base = grid.softmax(rng.normal(size=grid.n_cells))[0]
    term = term_of(Feature(EVERYTHING, parse_trigger("class(digit)"), "key_kind"), windows)
    weights = rng.normal(size=term.n_levels)
    more = grid.softmax(np.log(base) + scores(weights, grid, [term]))[0]
    a, m = (masses(cells, grid, [term]) for cells in (attention, base))
    said = divergences(attention, base, grid) - divergences(attention, more, grid)
    np.testing.assert_allclose(level_gain(weights, a, m), said, atol=1e-9)


def test_the_interval_covers_what_other_windows_would_have_given() -> None:
    """Windows whose weights differ: the robust error is that of their mean, about 1/√n."""
    rng = np.random.default_rng(0)
    windows, even = windows_of(rng, *[30] * 40), (0.0,) * N_BINS
    drawn, parts = rng.normal(2.0, 1.0, size=40), []
    grid = windows.grid
    for weight in drawn:
        logit = Logit(even, even, 0.0, (Behaviour(SAME, ANY, float(weight)),))
        parts.append(logit.predict(windows))
    attention = np.stack(parts)[grid.window[grid.row], np.arange(grid.n_cells)]
    terms = [*position_terms(grid), term_of(Feature(SAME, ANY), windows)]
    fit = refit(np.zeros(0), attention, grid, terms, ridge=0.01)
    error = covariance(fit, attention, grid, terms)[-1, -1] ** 0.5
    assert error == pytest.approx(drawn.std() / 40**0.5, rel=0.4)
    assert abs(fit.weights[-1] - 2) < 4 * error

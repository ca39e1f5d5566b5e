"""What a feature would add: the formula against the likelihood itself."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.features import FeatureTable, TokenSet
from headatlas.explainers.logit.gains import (
    LARGEST_SET,
    TRIED,
    Frequent,
    Proposer,
    best_weights,
    row_gain,
)
from headatlas.explainers.logit.measures import divergences, even
from headatlas.explainers.logit.model import behaviour_cells
from headatlas.explainers.symbolic.language import Expression


def test_by_hand() -> None:
    """Mass 1/4 under P, all of it under A: three nats of odds give log(e³ / (3/4 + e³/4))."""
    gain = row_gain(3.0, np.array([[1.0]]), np.array([[0.25]]))
    assert gain.item() == pytest.approx(3 - math.log(0.75 + math.exp(3) / 4))
    # Odds under A of 1:1, under P of 1:3: the best weight is log 3.
    (weight,) = best_weights(np.array([[0.5] * 4]), np.array([[0.25] * 4]), 1e-9)
    assert weight == pytest.approx(math.log(3))


@settings(max_examples=20)
@given(st.integers(0, 999))
def test_a_proposal_gains_what_the_likelihood_gains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = windows_of(rng, 20, 20, 20)
    grid, table = windows.grid, FeatureTable(windows)
    attention = random_rows(rng, windows) ** 3
    attention = grid.normalised(attention)
    base = even(grid)
    before = divergences(attention, base, grid).sum()
    found = Proposer(attention, table, Frequent(table)).propose(base, 40)
    assert [c.gain for c in found] == sorted((c.gain for c in found), reverse=True)
    for candidate in found[::8]:
        cells = behaviour_cells(candidate.source, candidate.trigger, table)
        gains = []
        for weight in TRIED:
            scores = np.zeros(grid.n_cells)
            scores[cells] = weight
            gains.append(before - divergences(attention, grid.softmax(scores)[0], grid).sum())
        assert max(gains) == pytest.approx(candidate.gain, rel=1e-3, abs=1e-3), str(candidate)


@given(st.integers(0, 999))
def test_the_best_weight_is_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, m = rng.random((2, 5, 30))
    weights = best_weights(a, m, 0.5)

    def gain(w: np.ndarray) -> np.ndarray:
        return row_gain(w[:, None], a, m).sum(axis=1) - 0.25 * w**2

    assert (gain(weights) >= gain(weights + 1e-2)).all()
    assert (gain(weights) >= gain(weights - 1e-2)).all()


def test_the_first_token_at_every_query_is_never_proposed() -> None:
    windows = windows_of(np.random.default_rng(0), 30, 30, 30)
    table = FeatureTable(windows)
    attention = windows.grid.normalised((windows.grid.key == 0) + 0.01)
    found = Proposer(attention, table, Frequent(table)).propose(even(windows.grid), 9999)
    named = {(str(c.source), str(c.trigger)) for c in found}
    assert ("first_token", "any") not in named
    assert ("first_token", "late") in named


@pytest.mark.parametrize("place", ["key", "before_key", "query"])
def test_a_planted_token_set_is_found(place: str) -> None:
    windows = windows_of(np.random.default_rng(0), *[60] * 6)
    table, grid = FeatureTable(windows), windows.grid
    planted = TokenSet(place, (2, 5, 7))
    if place == "query":
        pair = Expression("last", ("digit",)), planted
    else:
        pair = planted, Expression("any")
    scores = np.zeros(grid.n_cells)
    scores[behaviour_cells(*pair, table)] = 3.0
    attention = grid.softmax(scores)[0]
    found = Proposer(attention, table, Frequent(table)).propose(even(grid), 16)
    assert pair in [(c.source, c.trigger) for c in found]


def test_sets_hold_frequent_tokens_alone_and_not_too_many() -> None:
    windows = windows_of(np.random.default_rng(0), 30, 30, 30)
    windows.tokens[5] = 999  # seen in one window only
    table = FeatureTable(windows)
    frequent = Frequent(table)
    assert 999 not in frequent.tokens
    attention = windows.grid.normalised(1.0 * (windows.tokens == 999)[windows.grid.key_row] + 0.01)
    for c in Proposer(attention, table, frequent).propose(even(windows.grid), 9999):
        for part in (c.source, c.trigger):
            if isinstance(part, TokenSet):
                assert len(part.tokens) <= LARGEST_SET
                assert set(part.tokens) <= set(frequent.tokens.tolist())


def test_key_sums_by_hand() -> None:
    windows = windows_of(np.random.default_rng(0), 20, 20, 20)
    frequent, grid = Frequent(FeatureTable(windows), least=1), windows.grid
    cells = np.random.default_rng(1).random(grid.n_cells)
    for place in ("key", "before_key"):
        sums = frequent.key_sums(place, cells)
        for token, row in zip(frequent.tokens.tolist(), sums, strict=True):
            named = windows.cells_of(TokenSet(place, (token,)))
            said = np.bincount(grid.row[named], cells[named], grid.n_rows)
            np.testing.assert_allclose(row, said)

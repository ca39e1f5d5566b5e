"""Proposals: their gains against the likelihood itself, and what is planted is found."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.features import KINDS, Feature, FeatureTable, term_of
from headatlas.explainers.logit.gains import (
    LARGEST_SET,
    MOST_TOKENS,
    TRIED,
    Frequent,
    Proposer,
    row_gain,
)
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.measures import divergences, even
from headatlas.explainers.logit.model import scores
from headatlas.explainers.symbolic.language import (
    EVERYTHING,
    SOURCE_LISTS,
    Expression,
    parse_source,
    parse_trigger,
)

ANY = parse_trigger("any")


def test_by_hand() -> None:
    """Mass 1/4 under P, all of it under A: three nats of odds give log(e³ / (3/4 + e³/4))."""
    gain = row_gain(3.0, np.array([1.0]), np.array([0.25]))
    assert gain.item() == pytest.approx(3 - math.log(0.75 + math.exp(3) / 4))


@settings(max_examples=20)
@given(st.integers(0, 999))
def test_a_proposal_gains_what_the_likelihood_gains(seed: int) -> None:
    rng = np.random.default_rng(seed)
    windows = windows_of(rng, 20, 20, 20)
    grid, table = windows.grid, FeatureTable(windows)
    attention = random_rows(rng, windows.grid) ** 3
    attention = grid.normalised(attention)
    base = even(grid)
    before = divergences(attention, base, grid).sum()
    found = Proposer(attention, table, Frequent(table)).propose(base, 40)
    assert [c.gain for c in found] == sorted((c.gain for c in found), reverse=True)
    plain = [c for c in found if not c.feature.by]
    assert len(plain) == 40
    for candidate in plain[::8]:
        term = [term_of(candidate.feature, table)]
        gains = []
        for weight in TRIED:
            more = grid.softmax(scores(np.array([weight]), grid, term))[0]
            gains.append(before - divergences(attention, more, grid).sum())
        assert max(gains) == pytest.approx(candidate.gain, rel=1e-3, abs=1e-3), str(candidate)


def test_the_first_token_at_every_query_is_never_proposed() -> None:
    windows = windows_of(np.random.default_rng(0), 30, 30, 30)
    table = FeatureTable(windows)
    attention = windows.grid.normalised((windows.grid.key == 0) + 0.01)
    found = Proposer(attention, table, Frequent(table)).propose(even(windows.grid), 9999)
    named = {str(c.feature) for c in found}
    assert "first_token when any" not in named
    assert "first_token when late" in named
    assert "everything when any by distance" not in named


PLANTED = {
    "key list": Feature(parse_source("tokens(2, 5, 7)"), ANY, "token"),
    "list of first occurrences": Feature(parse_source("new_tokens(2, 5, 7)"), ANY, "token"),
    "list before keys": Feature(parse_source("after_tokens(2, 5, 7)"), ANY, "token"),
    "query list": Feature(
        parse_source("last(digit)"), parse_trigger("at_tokens(2, 5, 7)"), "token"
    ),
    "kinds of key": Feature(EVERYTHING, parse_trigger("class(digit)"), "key_kind"),
    "kinds of query": Feature(parse_source("last(digit)"), ANY, "query_kind"),
    "distances": Feature(EVERYTHING, parse_trigger("class(digit)"), "distance"),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_proposed(planted: Feature) -> None:
    rng = np.random.default_rng(0)
    windows = windows_of(rng, *[60] * 6)
    table, grid = FeatureTable(windows), windows.grid
    weights = {"key_kind": rng.normal(0, 3, len(KINDS)), "distance": np.linspace(3, -3, N_BINS)}
    weights["query_kind"] = np.linspace(1, 4, len(KINDS))
    weights["token"] = np.array([3.0, 2.8, 2.6])
    planted_scores = scores(weights[planted.by], grid, [term_of(planted, table)])
    attention = grid.softmax(planted_scores)[0]
    found = Proposer(attention, table, Frequent(table)).propose(even(grid), 16)
    similar = [
        c.feature
        for c in found
        if c.feature.by == planted.by and set(c.feature.tokens) >= set(planted.tokens)
    ]
    names = (planted.source.name, planted.trigger.name)
    assert names in [(f.source.name, f.trigger.name) for f in similar]


def test_lists_hold_frequent_tokens_alone_and_not_too_many() -> None:
    windows = windows_of(np.random.default_rng(0), 30, 30, 30)
    windows.tokens[5] = 999  # seen in one window only
    table = FeatureTable(windows)
    frequent = Frequent(table)
    assert 999 not in frequent.tokens
    assert len(frequent.tokens) <= MOST_TOKENS
    attention = windows.grid.normalised(1.0 * (windows.tokens == 999)[windows.grid.key_row] + 0.01)
    for c in Proposer(attention, table, frequent).propose(even(windows.grid), 9999):
        assert len(c.feature.tokens) <= LARGEST_SET
        assert set(c.feature.tokens) <= set(frequent.tokens.tolist())


def test_a_token_of_a_list_says_at_least_a_tenth_of_what_the_best_says() -> None:
    windows = windows_of(np.random.default_rng(0), *[60] * 6)
    table, grid = FeatureTable(windows), windows.grid
    lists = [Feature(Expression("tokens", (2, 5)), ANY, "token")]
    planted = scores(np.array([4.0, 0.3]), grid, [term_of(f, table) for f in lists])
    found = Proposer(grid.softmax(planted)[0], table, Frequent(table)).propose(even(grid), 16)
    assert [c.feature.tokens for c in found if c.feature.source.name == "tokens"] == [(2,)]


def test_key_sums_by_hand() -> None:
    windows = windows_of(np.random.default_rng(0), 20, 20, 20)
    frequent, grid = Frequent(FeatureTable(windows), least=1), windows.grid
    cells = np.random.default_rng(1).random(grid.n_cells)
    for place in SOURCE_LISTS:
        sums = frequent.by_token(place, frequent.key_sums(place, cells))
        for token, total in zip(frequent.tokens.tolist(), sums, strict=True):
            named = windows.cells_of(Expression(place, (token,)))
            assert total == pytest.approx(cells[named].sum())

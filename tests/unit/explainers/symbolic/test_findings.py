"""Pieces of a head: what is told of where it looks when it does not rest."""

import numpy as np
import pytest
from planted_windows import sampled_contexts

from headatlas.explainers.logit.features import KINDS, FeatureTable, Windows
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour, Logit
from headatlas.explainers.logit.selection import Selection
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.findings import Finding, find
from headatlas.explainers.symbolic.language import (
    ANY,
    EVERYTHING,
    FIRST_TOKEN,
    parse_source,
    parse_trigger,
)

RESTS, LEFT = (9.0,) * N_BINS, -9.0
POSITION = Logit((0.0,) * N_BINS, RESTS, 0.0, ())
CAPITALISED = "class(capitalised)"


def found_of(kernel: dict[int, float]) -> list[Finding]:
    """Of a head that rests but at capitalised words, with the weights of some distances."""
    table = FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))
    curve = tuple(kernel.get(n, 0.0) for n in range(N_BINS))
    trigger = parse_trigger(CAPITALISED)
    logit = Logit(curve, RESTS, 0.0, (Behaviour(FIRST_TOKEN, trigger, LEFT),))
    seen = Seen(table, logit.predict(table), np.zeros(table.grid.n_rows))
    return find(Selection(logit, POSITION, (0.5,), 0.0, True), seen, seen).pieces


@pytest.mark.parametrize(("distance", "source"), [(1, "previous_token"), (2, "offset(2)")])
def test_where_a_head_goes_when_it_does_not_rest_is_told(distance: int, source: str) -> None:
    pieces = {(str(p.source), str(p.trigger)): p for p in found_of({distance: 6.0})}
    assert pieces.keys() == {
        ("first_token", "any"), ("first_token", CAPITALISED), (source, CAPITALISED)
    }  # fmt: skip
    there = pieces[source, CAPITALISED]
    assert there.share > 0.8 > 0.1 > there.baseline
    assert there.frequency == pieces["first_token", CAPITALISED].frequency < 0.5


def test_resting_is_told_though_weights_of_other_keys_tell_it_as_well() -> None:
    table = FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))
    flat = (0.0,) * N_BINS
    lowered = tuple(-3.0 if kind == "digit" else -5.0 for kind in KINDS)
    for behaviour in (
        Behaviour(EVERYTHING, ANY, -4.0, "key_kind", lowered),
        Behaviour(FIRST_TOKEN, ANY, 4.0, "query_kind", (4.0,) * len(KINDS)),
    ):
        logit = Logit(flat, flat, 0.0, (behaviour,))
        seen = Seen(table, logit.predict(table), np.zeros(table.grid.n_rows))
        found = find(Selection(logit, POSITION, (0.5,), 0.0, True), seen, seen)
        first = found.pieces[0]
        assert (first.source, first.trigger) == (FIRST_TOKEN, ANY)
        assert first.share > 0.6 and 0.5 < first.adds < 1.01


def test_a_head_that_goes_anywhere_then_is_not_told_of_a_distance() -> None:
    assert {str(piece.source) for piece in found_of({})} == {"first_token"}


@pytest.mark.parametrize(
    ("kernel", "source"),
    [
        ({0: 2.0, 1: 3.0, 2: 2.0, 3: 2.0, 4: 1.0}, "previous_token"),
        ({0: 2.7, 1: 3.0, 2: 2.0, 3: 2.0, 4: 1.0}, "recent(2)"),
    ],
)
def test_a_distance_is_told_where_it_stands_out_among_nearby_tokens(
    kernel: dict[int, float], source: str
) -> None:
    # Shares of the current and the previous token: 0.11 and 0.30, or 0.20 and 0.27.
    table = FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))
    logit = Logit(tuple(kernel.get(n, 0.0) for n in range(N_BINS)), (0.0,) * N_BINS, 0.0)
    seen = Seen(table, logit.predict(table), np.zeros(table.grid.n_rows))
    pieces = find(Selection(logit, logit, (), 0.0, True), seen, seen).pieces
    assert [str(piece.source) for piece in pieces] == [source]


@pytest.mark.parametrize(("of_digits", "first"), [(2.0, "last(newline)"), (2.5, "everything")])
def test_what_words_can_tell_comes_before_kinds_of_keys_that_add_little_more(
    of_digits: float, first: str
) -> None:
    # They add 0.30 and the line break 0.23, or 0.48 and 0.19.
    table = FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))
    flat = (0.0,) * N_BINS
    weights = tuple(of_digits if kind == "digit" else 0.0 for kind in KINDS)
    behaviours = (
        Behaviour(parse_source("last(newline)"), ANY, 3.0),
        Behaviour(EVERYTHING, ANY, 0.1, "key_kind", weights),
    )
    logit = Logit(flat, flat, 0.0, behaviours)
    seen = Seen(table, logit.predict(table), np.zeros(table.grid.n_rows))
    pieces = find(
        Selection(logit, Logit(flat, flat, 0.0), (0.1, 0.1), 0.0, True), seen, seen
    ).pieces
    assert str(pieces[0].source) == first

"""Explanations on a corpus that they were not made on: what they have to beat there."""

from pathlib import Path

import numpy as np
from event_rows import event_row
from planted_windows import follows, planted, sampled_contexts

from headatlas.explainers.logit.features import FeatureTable, Windows
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.measures import divergences
from headatlas.explainers.logit.model import Logit
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.elsewhere import active_queries, position_model
from headatlas.explainers.symbolic.windows import write_features
from headatlas.holding import LEAST_QUERIES, LEAST_SHARE, LEAST_WINDOWS, held
from headatlas.intervals import Estimate, undefined
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Term
from headatlas.records.transfers import ACTIVE_QUERIES, HOLDS
from headatlas.storage import write_rows
from transfer_explanations import SCORES, transferred

ENOUGH, ASKED = np.full(LEAST_WINDOWS, LEAST_QUERIES), 500
RULE = [("after(same_token, last)", "any", 0.8)]


def verdict(value: float | None, low: float | None, active: np.ndarray = ENOUGH) -> float | None:
    margin = undefined(0, "no score") if value is None else Estimate(value, low, value + 0.1, 8)
    return held(margin, active, asked=ASKED, terms=1).value


def test_it_holds_where_the_interval_is_above_the_position_model() -> None:
    assert verdict(0.2, 0.1) == 1
    assert verdict(-0.2, -0.3) == 0
    assert verdict(None, None) is None


def test_it_is_not_known_where_the_interval_shows_neither() -> None:
    assert verdict(0.2, 0.0) is None
    assert verdict(-0.05, -0.15) is None
    assert verdict(-0.1, -0.15) == 0, "the interval ends below 0.01"
    found = held(Estimate(0.0, -0.1, 0.1, 8), ENOUGH, asked=ASKED, terms=1)
    assert found.reason == "the interval of the difference reaches above 0.01"


def test_it_is_not_known_where_too_little_is_there() -> None:
    assert verdict(0.2, 0.1, np.full(LEAST_WINDOWS - 1, 1000)) is None
    assert verdict(0.2, 0.1, np.full(LEAST_QUERIES - 1, 1)) is None
    assert verdict(0.2, 0.1, np.full(LEAST_QUERIES, 1)) == 1
    clear = Estimate(0.2, 0.1, 0.3, 8)
    found = held(clear, np.array([3, 0, 2]), asked=ASKED, terms=1)
    assert found.reason == (
        "what it names is there at 5 of 500 queries, in 2 windows; "
        "needed are 30 and 5 %, in 5 windows"
    )
    assert found.n == 5
    there = int(ENOUGH.sum())
    enough = round(there / LEAST_SHARE)
    assert held(clear, ENOUGH, asked=enough, terms=1).value == 1
    assert held(clear, ENOUGH, asked=enough + 1, terms=1).value is None
    assert "distance alone" in str(held(clear, ENOUGH, asked=ASKED, terms=0).reason)


def test_active_are_the_queries_at_which_a_term_names_a_key() -> None:
    contexts = sampled_contexts(np.random.default_rng(0), 3)
    program = follows(RULE).program
    assert program is not None
    program.terms = [Term(source="tokens(3)", trigger="any", weight=1.0)]
    by_hand = [
        sum(3 in context.tokens[1 : query + 1] for query in range(1, len(context.tokens)))
        for context in contexts
    ]
    assert active_queries(program, FeatureTable(Windows(contexts))).tolist() == by_hand
    program.terms = []
    assert active_queries(program, FeatureTable(Windows(contexts))).tolist() == [0, 0, 0]


def test_the_position_model_is_fitted_to_what_the_head_does_there() -> None:
    table = FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))
    true = Logit(tuple(-0.5 * n for n in range(N_BINS)), (3.0,) * N_BINS, 1.0)
    attention = true.predict(table)
    found = position_model(Seen(table, attention, np.ones(table.grid.n_rows)))
    assert divergences(attention, found.predict(table), table.grid).max() < 0.01


def scored(folder: Path, rules: list[tuple[str, str, float]]) -> dict[str, Estimate]:
    """The explanation of RULE on a corpus on which the head follows `rules`."""
    rng, rows = np.random.default_rng(7), []
    for split in ("train", "test"):
        windows = [planted(context, rules, rng) for context in sampled_contexts(rng)]
        numbers = list(range(len(windows)))
        write_features(folder / "features" / split, [w.context for w in windows], numbers)
        rows += [
            event_row(n, w.context.tokens, w.activation.tolist(), w.attention, split)
            for n, w in enumerate(windows)
        ]
    write_rows(folder / "events.parquet", rows, EVENTS)
    explanation = follows(RULE)
    return transferred(explanation, folder / "events.parquet", folder / "features", 100, 0)


def test_it_holds_where_the_head_does_the_same_and_not_where_it_does_not(tmp_path: Path) -> None:
    same = scored(tmp_path / "same", RULE)
    other = scored(tmp_path / "other", [("previous_token", "any", 0.8)])
    assert set(same) == {*SCORES, HOLDS, ACTIVE_QUERIES}
    assert (same[HOLDS].value, other[HOLDS].value) == (1, 0)
    margins = [found["attention_explained_position_margin"] for found in (same, other)]
    assert margins[0].low is not None and margins[0].low > 0.2
    assert margins[1].high is not None and margins[1].high < -0.2
    # The head that attends to the token before is told by distance, as fitted there.
    control = other["attention_explained_position_control"].value
    assert control is not None and control > 0.5
    assert same[ACTIVE_QUERIES].value == other[ACTIVE_QUERIES].value


def test_without_an_explanation_it_is_not_known(tmp_path: Path) -> None:
    explanation = follows(RULE).model_copy(
        update={"status": "unexplained", "reason": "too diffuse", "program": None}
    )
    contexts = sampled_contexts(np.random.default_rng(0), 2)
    write_features(tmp_path / "test", contexts, [0, 1])
    found = transferred(explanation, tmp_path / "none", tmp_path, 10, 0)
    assert found[HOLDS] == undefined(0, "unexplained: too diffuse")
    assert {e.value for e in found.values()} == {None}

"""Of several keys that a behaviour names, which are told."""

import numpy as np
import pytest
from planted_windows import sampled_contexts

from headatlas.explainers.logit.features import By, Feature, FeatureTable, Windows
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour, Logit
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.findings import Distance, Finding, Findings
from headatlas.explainers.symbolic.language import ANY, Expression, parse_source
from headatlas.explainers.symbolic.narrowing import (
    counterpart,
    counterparts,
    narrowed,
    with_counterparts,
)
from headatlas.explainers.symbolic.phrases import Speaker

EVERY, LAST = parse_source("all(newline)"), parse_source("last(newline)")


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    return FeatureTable(Windows(sampled_contexts(np.random.default_rng(0))))


def of_newlines(slope: float, weight: float = 8.0) -> Logit:
    """Attends to all line breaks, the nearer the more by `slope` nats a bin of distance."""
    kernel = tuple(-slope * n for n in range(N_BINS))
    return Logit(kernel, (0.0,) * N_BINS, 0.0, (Behaviour(EVERY, ANY, weight),))


def seen(logit: Logit, table: FeatureTable) -> Seen:
    return Seen(table, logit.predict(table), np.zeros(table.grid.n_rows))


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("all(digit)", "last(digit)"),
        ("last(same_token)", "all(same_token)"),
        ("after(same_token, all)", "after(same_token, last)"),
        ("before(same_bigram, last)", "before(same_bigram, all)"),
        ("previous_token", None),
        ("tokens(3, 4)", None),
    ],
)
def test_the_counterpart_of_all_keys_is_the_last_and_the_other_way(
    source: str, other: str | None
) -> None:
    assert counterpart(parse_source(source)) == (other and parse_source(other))


def test_the_last_is_told_where_it_gets_most_of_the_attention(table: FeatureTable) -> None:
    steep, even = of_newlines(slope=3.0), of_newlines(slope=0.0)
    others = {0: Feature(LAST, ANY)}
    assert counterparts(steep, seen(steep, table)) == others
    assert narrowed(steep, others, seen(steep, table)) == others
    assert narrowed(even, others, seen(even, table)) == {}


def test_what_is_avoided_is_told_whole(table: FeatureTable) -> None:
    avoided = of_newlines(slope=3.0, weight=-2.0)
    assert narrowed(avoided, {0: Feature(LAST, ANY)}, seen(avoided, table)) == {}


def test_terms_of_counterparts_change_no_prediction(table: FeatureTable) -> None:
    logit = of_newlines(slope=1.0)
    more = with_counterparts(logit, {0: Feature(LAST, ANY)})
    assert [b.source for b in more.behaviours] == [EVERY, LAST]
    np.testing.assert_array_equal(more.predict(table), logit.predict(table))


@pytest.mark.parametrize("by", ["", "token", "distance", "query_kind"])
def test_the_last_of_several_is_told_whatever_its_weights_vary_with(by: By) -> None:
    trigger = Expression("at_tokens", (3, 4)) if by == "token" else ANY
    levels = Feature(EVERY, trigger, by).n_levels
    term = Behaviour(EVERY, trigger, 2.0, by, tuple(np.linspace(1, 3, levels)) if by else ())
    distance = Distance(np.zeros(N_BINS), 1, 1)
    piece = Finding(LAST, trigger, 1.0, 0.8, 0.1, 0.5, 0)
    speaker = Speaker(Findings([piece], distance, 0.5, 0.1, 1.0), [term], {3: "a", 4: "b"})
    told = speaker.attends_to(piece)
    assert told.startswith("the most recent line break")
    assert ("," in told) == (by == "query_kind")

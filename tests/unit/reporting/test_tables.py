"""Records to rows."""

from typing import Any

import pytest

from headatlas.measures import attention_gain
from headatlas.records.clusters import Cluster, Clusters
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.records.model import ModelInfo
from headatlas.records.scores import HeadScores, Score
from headatlas.reporting.distributions import counts, families, ranked, spread, weak
from headatlas.reporting.heads import (
    AtlasError,
    Head,
    Run,
    assemble,
    metrics_by_head,
    random_heads,
    selection,
)
from headatlas.reporting.tables import score_rows, summary_row, verdict_rows
from headatlas.verdict import verdict_on

ATTENTION = attention_gain.MEASURE
RUN = Run("m", "c", "e", "k", 0, "title")
NAMES: dict[str, Any] = {"model": "m", "corpus": "c", "explainer": "e", "round": 0}
INFO = ModelInfo(
    model="m",
    source="s",
    revision=None,
    architecture="a",
    n_layers=1,
    n_heads=3,
    attention_layers=[0],
    n_key_value_heads=3,
    d_model=6,
    d_head=2,
    context=8,
    vocabulary=9,
    parameters=1,
    dtype="float32",
    bos_token_id=None,
    weights_sha256="w",
    tokenizer_sha256="t",
)
PLACES = [(0, 0), (0, 1), (0, 2)]
CLUSTERS = Clusters(
    model="m",
    corpus="c",
    explainer="e",
    clustering="k",
    clusters=[
        Cluster(
            cluster=0,
            label="=line",
            terms=[],
            heads=["L00H00"],
            medoid="L00H00",
            agreement=1.0,
            specificity=0.5,
            coverage=0.5,
        )
    ],
    unclustered=["L00H01"],
    unexplained=["L00H02"],
)


def explanation(head: int, family: str | None = "induction", **changes: object) -> Explanation:
    """An explanation of a head of layer 0, without behaviours where `family` is None."""
    behaviour: dict[str, Any] = {
        "attends_to": "x",
        "active_when": "",
    }
    fields: dict[str, Any] = {
        "status": "explained" if family else "failed",
        "reason": None if family else "no reply",
        "title": "X" if family else "",
        "summary": "Attends to x." if family else "",
        "behaviours": [Behaviour(family=family, **behaviour)] if family else [],
        "program": None,
        "confidence": None,
        "positive_texts": [],
        "negative_texts": [],
    }
    return Explanation(**NAMES | {"layer": 0, "head": head} | fields | changes)


def scores(head: int, value: float | None, low: float = 0.1) -> HeadScores:
    """Test attention correlation, a control of 0.2 and a margin with that low end."""
    margin, layer_margin = (None if value is None else value - c for c in (0.2, 0.4))
    found = [
        Score(split="validation", metric="attention_gain", value=0.99, n=1),
        Score(split="test", metric="attention_gain", value=value, low=0.0, high=1.0, n=4),
        Score(split="test", metric="attention_gain_control", value=0.2, n=3),
        Score(
            split="test",
            metric="attention_gain_margin",
            value=margin,
            low=low,
            high=1.0,
            n=4,
        ),
        Score(split="test", metric="attention_gain_layer_control", value=0.4, n=1),
        Score(split="test", metric="attention_gain_layer_margin", value=layer_margin, n=4),
        Score(split="probes", metric="auroc", value=0.75, n=9),
    ]
    told = explanation(head, None) if value is None else explanation(head)
    return HeadScores(**NAMES, layer=0, head=head, verdict=verdict_on(told, found), scores=found)


@pytest.fixture
def heads() -> list[Head]:
    """Three heads: a good one, a weak one, a failed one."""
    stats = [
        {"layer": 0, "head": 0, "metric": "sink", "value": 0.5, "low": 0.4, "high": 0.6, "n": 7}
    ]
    return assemble(
        INFO,
        RUN,
        PLACES,
        [explanation(2, None), explanation(0), explanation(1, "copy")],
        [scores(0, 0.8), scores(1, 0.6, low=-0.1), scores(2, None)],
        CLUSTERS,
        stats,
        [relation("twin", 2), relation("model", 2), relation("twin", 1)],
    )


def relation(kind: str, other: int) -> dict[str, object]:
    return {"layer": 0, "head": 0, "relation": kind, "other_layer": 0, "other_head": other}


def test_heads_are_whole_and_in_order(heads: list[Head]) -> None:
    assert [head.name for head in heads] == ["L00H00", "L00H01", "L00H02"]
    assert [head.family for head in heads] == ["induction", "copy", None]
    assert [head.cluster for head in heads] == [0, None, None]
    assert heads[0].metrics["sink"] == (0.5, 0.4, 0.6, 7)
    assert heads[0].values(ATTENTION) == pytest.approx((0.8, 0.2, 0.6))
    assert heads[0].value("auroc") == 0.75


def test_a_metric_that_is_not_a_number_is_none_at_all() -> None:
    row = {"layer": 0, "head": 0, "metric": "sink", "value": float("nan"), "low": 0.0, "high": 0.0}
    assert metrics_by_head([row | {"n": 0}]) == {}


def test_a_summary_row(heads: list[Head]) -> None:
    row = summary_row(heads[0], {"writes": "=Lowers y."}, [ATTENTION], ["sink", "entropy"])
    assert row == {
        "layer": 0,
        "head": 0,
        "name": "L00H00",
        "status": "explained",
        "reason": None,
        "family": "induction",
        "cluster": 0,
        "cluster_label": "'=line",
        "twins": "L00H02 L00H01",
        "title": "X",
        "summary": "Attends to x.",
        "writes": "'=Lowers y.",
        "attention_gain": 0.8,
        "attention_gain_low": 0.0,
        "attention_gain_high": 1.0,
        "attention_gain_control": 0.2,
        "attention_gain_control_low": None,
        "attention_gain_control_high": None,
        "attention_gain_margin": pytest.approx(0.6),
        "attention_gain_margin_low": 0.1,
        "attention_gain_margin_high": 1.0,
        "attention_gain_layer_control": 0.4,
        "attention_gain_layer_control_low": None,
        "attention_gain_layer_control_high": None,
        "attention_gain_layer_margin": pytest.approx(0.4),
        "attention_gain_layer_margin_low": None,
        "attention_gain_layer_margin_high": None,
        **dict.fromkeys(
            f"attention_gain_position_{name}{end}"
            for name in ("control", "margin")
            for end in ("", "_low", "_high")
        ),
        "sink": 0.5,
        "entropy": None,
    }


def test_a_head_not_above_its_control_is_unexplained(heads: list[Head]) -> None:
    assert [head.status for head in heads] == ["explained", "unexplained", "failed"]
    reason = (
        "not above control: gain over even attention margin 0.40 [−0.10, 1.00] on test documents"
    )
    assert [head.reason for head in heads] == [None, reason, "no reply"]
    expected = {"explained": 1, "not_compared": 0, "unexplained": 1, "failed": 1}
    assert counts(heads) == expected | {"beaten": 1, "told": 2}


def test_a_head_that_was_not_compared_is_counted_apart(heads: list[Head]) -> None:
    verdict = verdict_on(explanation(0), [])
    alone = heads[0]._replace(verdict=verdict)
    assert (alone.status, alone.beaten) == ("not compared", False)
    expected = {"explained": 0, "not_compared": 1, "unexplained": 1, "failed": 1}
    assert counts([alone, *heads[1:]]) == expected | {"beaten": 1, "told": 2}


def test_heads_with_random_weights_are_those_of_the_twin() -> None:
    twin = {"model": "m+random"}
    explained = [explanation(1, **twin), explanation(0, None, **twin)]
    scored = [scores(head, value).model_copy(update=twin) for head, value in ((0, None), (1, 0.8))]
    found = random_heads(RUN, explained, scored)
    assert [(head.name, head.status) for head in found] == [
        ("L00H00", "failed"),
        ("L00H01", "explained"),
    ]
    with pytest.raises(AtlasError, match="L00H01 with random weights: explanation or scores are"):
        random_heads(RUN, explained, scored[:1])


def test_spread_ranks_and_weak_heads(heads: list[Head]) -> None:
    found = spread(heads, ATTENTION)
    assert (found.n, found.compared, found.above) == (2, 2, 1)
    assert found.quartiles == pytest.approx((0.65, 0.7, 0.75))
    assert (found.control, found.layer_control) == (0.2, 0.4)
    assert (found.margin, found.layer_margin) == pytest.approx((0.5, 0.3))
    assert [head.name for head in ranked(heads, ATTENTION)] == ["L00H00", "L00H01"]
    assert [head.name for head in weak(heads, ATTENTION)] == ["L00H01"]
    assert {name: len(some) for name, some in families(heads).items()} == {
        "copy": 1,
        "induction": 1,
    }


def test_verdict_rows_are_tidy() -> None:
    rows = verdict_rows([scores(1, 0.6, low=-0.1), scores(0, 0.8)])
    assert [(row["head"], row["status"]) for row in rows] == [(0, "explained"), (1, "unexplained")]
    assert rows[0] == NAMES | {
        "layer": 0,
        "head": 0,
        "status": "explained",
        "reason": None,
        "decided_by": ["attention_gain_margin"],
    }


def test_score_rows_are_tidy() -> None:
    rows = score_rows([scores(1, None), scores(0, 0.8)])
    assert [row["head"] for row in rows] == [0] * 7 + [1] * 7
    assert rows[1] == NAMES | {
        "layer": 0,
        "head": 0,
        "split": "test",
        "metric": "attention_gain",
        "value": 0.8,
        "low": 0.0,
        "high": 1.0,
        "n": 4,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("explained", "message"),
    [
        ([explanation(0), explanation(1)], "explanation of L00H02: missing"),
        ([explanation(0), explanation(0)], "explanation of L00H00: given twice"),
        ([explanation(0, model="other")], "explanation of L00H00: model is 'other'"),
        ([explanation(i) for i in range(4)], "explanation of L00H03: not selected"),
    ],
)
def test_records_that_are_not_one_atlas(explained: list[Explanation], message: str) -> None:
    scored = [scores(head, 0.5) for head in range(3)]
    with pytest.raises(AtlasError, match=message):
        assemble(INFO, RUN, PLACES, explained, scored, CLUSTERS, [], [])


def test_a_selection_is_in_order_and_without_gaps_filled() -> None:
    info = INFO.model_copy(update={"n_layers": 12, "n_heads": 101})
    assert selection(info, ["L10H02", "L00H100", "L00H03"]) == [(0, 3), (0, 100), (10, 2)]


@pytest.mark.parametrize("name", ["L01H00", "L00H03", "L0H0", "first"])
def test_a_selected_head_is_inside_the_model(name: str) -> None:
    message = f"heads: '{name}' is no head of m, allowed are L00H00 to L00H02"
    with pytest.raises(AtlasError, match=message):
        selection(INFO, ["L00H00", name])


def test_an_atlas_of_some_heads() -> None:
    clusters = CLUSTERS.model_copy(update={"unclustered": []})
    explained, scored = [explanation(2, None), explanation(0)], [scores(0, 0.8), scores(2, None)]
    places = selection(INFO, ["L00H02", "L00H00"])
    heads = assemble(INFO, RUN, places, explained, scored, clusters, [], [])
    assert [head.name for head in heads] == ["L00H00", "L00H02"]


def test_clusters_of_other_heads_are_refused() -> None:
    explained, scored = [explanation(0), explanation(2)], [scores(0, 0.8), scores(2, 0.8)]
    with pytest.raises(AtlasError, match="cluster entry of L00H01: not selected"):
        assemble(INFO, RUN, [(0, 0), (0, 2)], explained, scored, CLUSTERS, [], [])

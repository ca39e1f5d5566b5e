"""Values of the variants of a study: what counts for chance, and what is compared with nothing."""

from typing import Literal

import pytest

from headatlas.records.explanation import Explanation
from headatlas.records.scores import HeadScores, Score, Verdict
from headatlas.studies.arms import Arm, Found
from headatlas.studies.quality import Value
from headatlas.studies.tables import Sampling, compared_scores, scored

METRIC, FURTHER = "pair_detection_auroc", "fuzzing_auroc"
CORRELATION = "activation_correlation"


def arm(explainer: str, **changed: int) -> Arm:
    return Arm(
        changed={f"explainer.{key}": value for key, value in changed.items()}, own={},
        model="m", corpus="c", explainer=explainer, clustering="k", rounds=[], judged=True,
        scored=True, clusters=None, items=None, windows=None,
    )  # fmt: skip


def found(*heads: dict[str, float]) -> Found:
    """Heads with these scores; one without a score failed."""
    explanations, scores = {}, {}
    for n, own in enumerate(heads):
        about = {"model": "m", "corpus": "c", "explainer": "e", "round": 0, "layer": 0, "head": n}
        status: Literal["explained", "failed"] = "explained" if own else "failed"
        explanations[0, n] = Explanation(
            **about, status=status, reason=None, title="", summary="", behaviours=[], program=None,
            confidence=None, positive_texts=[], negative_texts=[],
        )  # fmt: skip
        scores[0, n] = HeadScores(
            **about,
            verdict=Verdict(status=status, reason=None, decided_by=[]),
            scores=[Score(split="test", metric=m, value=v, n=9) for m, v in own.items()],
        )
    return Found(explanations, scores, None)


def test_a_variant_that_explains_nothing_has_what_chance_gives() -> None:
    arms = [arm("all"), arm("half", texts=1), arm("none", texts=2)]
    files = [found({METRIC: 0.9}, {METRIC: 0.7}), found({METRIC: 0.9}, {}), found({}, {})]
    values = scored(arms, {a.label: f for a, f in zip(arms, files, strict=True)})
    chance = Value(0.5, chance=True)
    assert [values[a.label][METRIC] for a in arms] == [
        {(0, 0): Value(0.9), (0, 1): Value(0.7)},
        {(0, 0): Value(0.9), (0, 1): chance},
        {(0, 0): chance, (0, 1): chance},
    ]
    assert all(FURTHER not in values[a.label] for a in arms)


def test_heads_that_were_not_compared_are_told_apart_from_unexplained_ones() -> None:
    files = found({METRIC: 0.9}, {METRIC: 0.8}, {})
    alone = Verdict(status="not compared", reason="no control", decided_by=[])
    files.scores[0, 1] = files.scores[0, 1].model_copy(update={"verdict": alone})
    values = scored([arm("all")], {"": files})[""]
    shares = {name: [v.value for v in values[name].values()] for name in values if name != METRIC}
    assert shares == {
        "explained": [1, 0, 0],
        "not_compared": [0, 1, 0],
        "with_explanation": [1, 1, 0],
    }


def test_a_correlation_with_a_constant_is_what_chance_gives() -> None:
    """Left out, the head would raise the mean of the variant that predicts nothing of it."""
    arms = [arm("all"), arm("flat", texts=1)]
    files = [found({CORRELATION: 0.6}, {CORRELATION: 0.2}), found({CORRELATION: 0.5}, {METRIC: 1})]
    flat = Score(split="test", metric=CORRELATION, value=None, n=9, constant="predicted")
    files[1].scores[0, 1].scores.append(flat)
    values = scored(arms, {a.label: f for a, f in zip(arms, files, strict=True)})
    own = values["explainer.texts=1"][CORRELATION]
    assert own == {(0, 0): Value(0.5), (0, 1): Value(0.0, chance=True)}
    _, compared = compared_scores(
        arms, {a: {CORRELATION: v[CORRELATION]} for a, v in values.items()}, Sampling(20, 0)
    )
    assert compared.difference is not None and compared.difference.estimate.value is not None
    assert compared.difference.estimate.value == pytest.approx(-0.15)
    assert compared.difference.estimate.n == 2


def test_what_the_run_itself_lacks_is_compared_with_nothing() -> None:
    arms = [arm("plain"), arm("more", simulation=1)]
    files = [found({METRIC: 0.9}), found({METRIC: 0.9, FURTHER: 0.8})]
    values = scored(arms, {a.label: f for a, f in zip(arms, files, strict=True)})
    (further,) = (c for c in compared_scores(arms, values, Sampling(20, 0)) if c.measure == FURTHER)
    assert further.arm.label == "explainer.simulation=1"
    assert further.reference is further.difference is None

"""Flags are raised by figures: each by those that it is about, and by no others."""

from typing import Any

import pytest

from headatlas.flags import FLAGS, Evidence, flags_of
from headatlas.records.explanation import Behaviour, Explanation, Position, Program, Term, Written
from headatlas.records.scores import Score

POSITION = Position(kernel=[0.0], first=[0.0], second=0.0)
TOLD = Behaviour(
    attends_to="line breaks",
    active_when="",
    family="delimiter",
    source="last(newline)",
    trigger="any",
    frequency=0.95,
    share=0.8,
    baseline=0.1,
    adds=0.5,
)
TERM = Term(source="last(newline)", trigger="any", weight=3.0)
GOOD = {"attention_explained": (0.8, 0.75, 0.85), "attention_gain_position_margin": (1.0, 0.8, 1.2)}
JUDGED = {"pair_detection_auroc": (0.9, 0.8, 0.97), "detection_auroc": (0.8, 0.6, 0.9)}


def flagged(
    *behaviours: Behaviour,
    terms: list[Term] | None = None,
    written: list[Written] | None = None,
    scores: dict[str, tuple[float, float | None, float | None]] | None = None,
    twins: int = 0,
    program: bool = True,
    **changes: Any,
) -> list[str]:
    """The names of the flags of an explanation that has none, but for what is given."""
    made = Program(
        bins=[],
        logit=POSITION,
        terms=[TERM] if terms is None else terms,
        position=POSITION,
        constant=1.0,
        written=written or [],
    )
    fields: dict[str, Any] = {
        **dict.fromkeys(("model", "corpus", "explainer"), "x"),
        **dict.fromkeys(("round", "layer", "head"), 0),
        "status": "explained",
        "reason": None,
        "title": "Line breaks",
        "summary": "Attends to line breaks.",
        "behaviours": list(behaviours) or [TOLD],
        "program": made if program else None,
        "confidence": 0.8,
        "positive_texts": [],
        "negative_texts": [],
    }
    known = (GOOD if program else JUDGED) | (scores or {})
    found = {
        ("test", name): Score(split="test", metric=name, value=value, low=low, high=high, n=8)
        for name, (value, low, high) in known.items()
    }
    evidence = Evidence(
        Explanation(**fields | changes), found, [f"L00H{n:02d}" for n in range(1, twins + 1)], 40
    )
    raised = flags_of(evidence)
    assert all(one.why for one in raised)
    return [one.flag.name for one in raised]


def behaviour(**changes: Any) -> Behaviour:
    return TOLD.model_copy(update=changes)


@pytest.mark.parametrize("program", [True, False])
def test_a_good_explanation_has_no_flag(program: bool) -> None:
    assert flagged(program=program) == []


@pytest.mark.parametrize(
    ("name", "raises", "does_not"),
    [
        (
            "vague",
            {"behaviours": [behaviour(baseline=0.6)]},
            {"behaviours": [behaviour(baseline=0.6), TOLD]},
        ),
        (
            "vague",
            {"behaviours": [behaviour(source="first_token", family="sink")]},
            {"behaviours": [behaviour(source="first_token", family="sink"), TOLD]},
        ),
        (
            "vague",
            {"behaviours": [behaviour(baseline=0.6, family="local")]},
            {
                "behaviours": [behaviour(baseline=0.9, family="uniform", source="everything")],
            },
        ),
        (
            "contradicts",
            {"scores": {"attention_explained": (0.5, 0.4, 0.6)}},
            {"scores": {"attention_explained": (0.6, 0.5, 0.7)}},
        ),
        (
            "contradicts",
            {"scores": {"attention_explained": (0.6, None, None)}},
            {"scores": {"attention_explained": (0.7, None, None)}},
        ),
        ("same_as_many", {"twins": 4}, {"twins": 3}),
        (
            "lacks_trigger",
            {"written": [Written(source=None, trigger="class(digit)", amount=2.0)]},
            {"written": [Written(source=None, trigger="class(digit)", amount=1.0)]},
        ),
        (
            "lacks_trigger",
            {"written": [Written(source=None, trigger="class(digit)", amount=2.0)]},
            {"written": [Written(source=None, trigger="early", amount=2.0)]},
        ),
        (
            "lacks_trigger",
            {"written": [Written(source=None, trigger="class(digit)", amount=2.0)]},
            {
                "written": [Written(source=None, trigger="class(digit)", amount=2.0)],
                "behaviours": [behaviour(frequency=0.5)],
            },
        ),
        (
            "lacks_trigger",
            {"written": [Written(source=None, trigger="class(digit)", amount=2.0)]},
            {
                "written": [Written(source=None, trigger="class(digit)", amount=2.0)],
                "behaviours": [behaviour(active_when="the current token is a number")],
            },
        ),
        (
            "disagrees",
            {"behaviours": [behaviour(adds=0.2), behaviour(adds=0.1)]},
            {"behaviours": [behaviour(adds=0.2), behaviour(adds=0.3)]},
        ),
        (
            "not_above_position",
            {"scores": {"attention_gain_position_margin": (0.2, 0.04, 0.4)}},
            {"scores": {"attention_gain_position_margin": (0.2, 0.06, 0.4)}},
        ),
        (
            "not_above_position",
            {"scores": {"attention_gain_position_margin": (-0.2, -0.3, -0.1)}},
            {
                "scores": {"attention_gain_position_margin": (0.0, 0.0, 0.0)},
                "behaviours": [behaviour(source="offset(2)", family="offset")],
            },
        ),
    ],
)
def test_a_flag_is_raised_by_its_figures_alone(
    name: str, raises: dict[str, Any], does_not: dict[str, Any]
) -> None:
    for given, wanted in ((raises, [name]), (does_not, [])):
        rest = {key: value for key, value in given.items() if key != "behaviours"}
        assert flagged(*given.get("behaviours", []), **rest) == wanted


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ({"pair_detection_auroc": (0.55, 0.4, 0.7), "detection_auroc": (0.5, 0.4, 0.6)}, ["vague"]),
        ({"pair_detection_auroc": (0.55, 0.4, 0.7)}, []),
        ({"pair_detection_auroc": (0.3, 0.2, 0.45)}, ["contradicts"]),
    ],
)
def test_words_are_flagged_by_what_a_judge_made_of_them(
    scores: dict[str, tuple[float, float, float]], wanted: list[str]
) -> None:
    assert flagged(program=False, scores=scores) == wanted


def test_what_is_not_explained_has_no_flag() -> None:
    assert flagged(status="failed", reason="It broke.", twins=9) == []


def test_what_is_not_known_raises_nothing() -> None:
    nothing = dict.fromkeys((*GOOD, *JUDGED), (None, None, None))
    for program in (True, False):
        assert flagged(program=program, scores=nothing, confidence=None) == []
    assert len({flag.name for flag in FLAGS}) == len(FLAGS)

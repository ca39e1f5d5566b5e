"""What the page of a study says beside its figures: which heads, which settings, what was asked."""

from typing import Any

import pytest
from places import TEMPLATES

from headatlas.reporting.environment import environment
from headatlas.studies.arms import Arm
from headatlas.studies.pages import asked_in_words, drawn_in_words, page, short_name

OWN = {"explainer.few_shot": 2}
NAMES = ("low", "high", "chance", "difference_low", "difference_high", "p", "p_adjusted")


def arm(**changed: int) -> Arm:
    return Arm(
        changed={f"explainer.{key}": value for key, value in changed.items()}, own=OWN, model="m",
        corpus="c", explainer=f"e~{changed}~heads=9", clustering="k", rounds=[], judged=True,
        scored=True, clusters=None, items=None, windows=None,
    )  # fmt: skip


ARMS = [arm(), arm(few_shot=3)]


def costs(*tokens: int) -> dict[str, dict[str, Any]]:
    return {
        a.label: {"variant": a.label, "input_tokens": n - n // 10, "output_tokens": n // 10}
        | {
            "heads": 9,
            "failed": 0,
            "calls": 4,
            "dollars": None,
            "seconds": 1.0,
            "cpu_seconds": None,
        }
        for a, n in zip(ARMS, tokens, strict=True)
    }


def rows() -> list[dict[str, Any]]:
    measured = {"measure": "pair_detection_auroc", "paired": True, "pairs": 9, "n": 9}
    known = dict.fromkeys(NAMES, 0.0) | {"value": 0.7, "chance": 0.5, "detectable": 0.1}
    told = measured | known
    return [
        told | ARMS[0].names | {"reference": None, "difference": None, "p": None},
        told | ARMS[1].names | {"reference": "", "difference": 0.2, "p": 0.01, "p_adjusted": 0.01},
    ]


@pytest.mark.parametrize(
    ("count", "of", "by_family", "said"),
    [
        (24, 270, True, "24 of 270 heads of m, drawn by family and layer"),
        (24, 270, False, "24 of 270 heads of m, drawn by layer"),
        (13, None, False, "all 13 selected heads of m"),
    ],
)
def test_heads_are_drawn_where_they_are(
    count: int, of: int | None, by_family: bool, said: str
) -> None:
    assert drawn_in_words("m", count, of, by_family) == said


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ((100, 250), " It takes 2.50 times the tokens: 250 against 100."),
        ((0, 250), " It takes 250 tokens of language models, the other 0."),
        ((0, 0), ""),
    ],
)
def test_what_is_asked_stands_beside_what_is_found(tokens: tuple[int, int], said: str) -> None:
    assert asked_in_words(ARMS, ARMS[1].label, rows(), costs(*tokens)) == said
    shared = [a.model_copy(update={"explainer": "same"}) for a in ARMS]
    assert asked_in_words(shared, ARMS[1].label, rows(), costs(*tokens)) == ""


def test_the_run_itself_is_told_by_its_settings() -> None:
    assert [short_name(a) for a in ARMS] == ["the run itself (few_shot 2)", "few_shot 3"]
    shown = page(
        environment(TEMPLATES), "s", "Atlas", ARMS, ["all 9 selected heads of m"], rows(),
        [*costs(100, 250).values()], [],
    )  # fmt: skip
    assert "explainer e and clustering" in shown  # not as the entry is called
    assert "explainer.few_shot (3; its own is 2): 2 variants, of all 9 selected heads of m" in shown
    assert "over 9 heads. It takes 2.50 times the tokens: 250 against 100.</li>" in shown
    assert ", by chance 0.50" in shown

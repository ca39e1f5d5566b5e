"""When a head counts as explained."""

import pytest
from reporting_factory import explanation

from headatlas.records.scores import Score
from headatlas.verdict import CRITERION, verdict_on

ATTENTION = "attention_gain_margin"
PAIRS, ACTIVE = "pair_detection_auroc_margin", "detection_auroc_margin"


def margins(bounds: dict[str, tuple[float | None, float | None]]) -> list[Score]:
    """Margins on test text by value and lower end, beside better ones on validation text."""
    return [
        Score(split=split, metric=metric, value=value, low=low, high=low and 0.9, n=4, reason=why)
        for metric, (value, low) in bounds.items()
        for why in [None if value is not None else f"no {metric}"]
        for split, value, low in (("validation", 0.8, 0.7), ("test", value, low))
    ]


@pytest.mark.parametrize(
    ("bounds", "status", "decided_by"),
    [
        ({}, "not compared", []),
        ({ATTENTION: (None, None), PAIRS: (None, None)}, "not compared", []),
        ({ATTENTION: (0.5, 0.2)}, "explained", [ATTENTION]),
        ({ATTENTION: (0.5, 0.05)}, "unexplained", [ATTENTION]),
        ({ATTENTION: (0.5, 0.0), ACTIVE: (0.5, 0.4)}, "unexplained", [ATTENTION]),
        ({ATTENTION: (None, None), ACTIVE: (0.5, 0.4)}, "explained", [ACTIVE]),
        ({PAIRS: (0.5, -0.1), ACTIVE: (0.0, -0.4)}, "unexplained", [PAIRS, ACTIVE]),
        ({PAIRS: (0.5, -0.1), ACTIVE: (0.5, 0.1)}, "explained", [PAIRS, ACTIVE]),
        ({PAIRS: (0.5, None)}, "explained", [PAIRS]),
    ],
)
def test_a_program_is_judged_by_attention_and_words_by_detection(
    bounds: dict, status: str, decided_by: list[str]
) -> None:
    found = verdict_on(explanation(0, 0), margins(bounds))
    assert (found.status, found.decided_by) == (status, decided_by)
    assert (found.reason is None) is (status == "explained")


def test_why_a_head_is_not_explained() -> None:
    weak = verdict_on(explanation(0, 0), margins({PAIRS: (0.004, -0.1), ACTIVE: (0.0, None)}))
    assert weak.reason == (
        "not above control: pair detection AUROC margin 0.00 [−0.10, 0.90], detection AUROC "
        "margin 0.00 on test documents"
    )
    alone = verdict_on(explanation(0, 0), margins({ATTENTION: (None, None), PAIRS: (None, None)}))
    assert alone.reason == f"nothing to compare: no {ATTENTION}; no {PAIRS}"
    words = explanation(0, 0).model_copy(update={"program": None})
    alone = verdict_on(words, margins({ATTENTION: (None, None), PAIRS: (None, None)}))
    assert alone.reason == f"nothing to compare: no {PAIRS}"  # that it has no program is no reason
    failed = explanation(0, 2)
    assert failed.status == "failed"
    assert verdict_on(failed, []).model_dump() == {
        "status": "failed",
        "reason": failed.reason,
        "decided_by": [],
    }


def test_the_criterion_is_told_as_it_is_applied() -> None:
    assert "that of the gain over even attention (above 0.05) or of the gain" in CRITERION

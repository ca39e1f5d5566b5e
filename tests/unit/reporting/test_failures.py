"""Runs of which nothing can be published."""

import pytest
from reporting_factory import explanation

from headatlas.outcome import NothingExplainedError
from headatlas.records.scores import Score, Verdict
from headatlas.reporting.failures import check, in_words
from headatlas.reporting.heads import Head

METRIC = "pair_detection_auroc"


def head(number: int, status: str, value: float | None = None) -> Head:
    """A head that a language model explained, or failed to, scored on test text."""
    reason = f"no server at port {number}" if status == "failed" else None
    told = explanation(0, 1).model_copy(
        update={"status": status, "reason": reason, "program": None, "head": number}
    )
    score = {"metric": METRIC, "n": 1, "reason": None if value else "the judge is silent"}
    words = {"metric": "attention_explained", "value": None, "reason": "it has no program"}
    found = {
        ("test", "attention_explained"): Score(split="test", n=0, **words),
        ("test", METRIC): Score(split="test", value=value, **score),
        ("probes", "effect_size"): Score(split="probes", metric="effect_size", value=1.0, n=4),
    }
    verdict = Verdict(status=status, reason=reason, decided_by=[])
    return Head(0, number, told, verdict, found, {}, None, None)


def test_one_head_that_was_judged_is_enough() -> None:
    heads = [head(0, "failed"), head(1, "explained"), head(2, "explained", 0.5)]
    check(heads)
    assert in_words(heads) == "1 of 3 heads failed: no server at port 0"
    assert in_words(heads[1:]) == ""


def test_no_head_that_was_judged_is_an_error() -> None:
    with pytest.raises(NothingExplainedError, match=r"^2 of 2 heads failed: no server at port 0\."):
        check([head(0, "failed"), head(1, "failed")])
    with pytest.raises(
        NothingExplainedError,
        match=r"port 0; 1 of 2 explanations not judged: the judge is silent\. .*all_failed",
    ):
        check([head(0, "failed"), head(1, "explained")])

"""How a run ends, in words."""

import json
from pathlib import Path

import pytest

from headatlas.outcome import NothingExplainedError, check, failed_heads, failed_jobs, told
from headatlas.printable import SAID

LOG = """\
[Thu] Error in rule explain_head_llm:
    message: m, c, e: asking about L00H00, round 0
    jobid: 3
    output: results/x.json
    log: {folder}/a.log (check log file(s) for error details)
    shell:
        python x
[Thu] Error in rule explain_head_llm:
    jobid: 4
    log: {folder}/b.log (check log file(s) for error details)
Error in rule build_atlas:
    jobid: 5
    log: {folder}/c.log (check log file(s) for error details)
Error in rule build_atlas:
    jobid: 6
    log: {folder}/none.log (check log file(s) for error details)
"""


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (["a"], "a"),
        (["a", "a"], "a"),
        (["of 4,113 tokens, 1.5", "of 99 tokens, 2"], "of 4,113 tokens, 1.5"),
        (["b", "a", "a"], "2 × a; 1 × b"),
        (["a", "b", "b", "c", "d", "e"], "2 × b; 1 × a; 1 × c; 2 × for other reasons"),
        (["no JSON" + SAID + "hm", "b", "no JSON" + SAID + "oh"], f"2 × no JSON{SAID}hm; 1 × b"),
        (["x" * 400], "x" * 300 + "…"),
        (["\x1b[31mred\nline"], "red line"),
    ],
)
def test_reasons_are_told_once(reasons: list[str], words: str) -> None:
    assert told(reasons) == words


def test_a_run_with_one_good_head_is_no_failure() -> None:
    check(["a"] * 5, [], 6)
    check(["a"] * 4, ["b"], 6)
    check([], [], 0)


@pytest.mark.parametrize(
    ("failed", "unjudged", "words"),
    [
        (["a", "a"], [], r"^2 of 2 heads failed: a\. No atlas.*: --forcerun explain_head_llm \("),
        (["a"], ["b"], r"^1 of 2 heads failed: a; 1 of 2 explanations not judged: b\. No"),
        ([], ["b", "b"], r"^2 of 2 explanations not judged: b\. No.*: --forcerun judge_head_llm$"),
    ],
)
def test_a_run_without_any_is_one(failed: list[str], unjudged: list[str], words: str) -> None:
    with pytest.raises(NothingExplainedError, match=words):
        check(failed, unjudged, 2)


def test_failed_heads_are_counted_from_an_atlas(tmp_path: Path) -> None:
    records = [{"status": "failed", "reason": "a"}, {"status": "explained", "reason": None}]
    path = tmp_path / "explanations.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert failed_heads(path) == (["a"], 2)


def test_failed_jobs_are_told_by_rule(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(LOG.format(folder=tmp_path))
    (tmp_path / "a.log").write_text("progress\nerror: no server at port 1\nmore\n")
    (tmp_path / "b.log").write_text("error: no server at port 2\n")
    (tmp_path / "c.log").write_text("Traceback\n  File x\nValueError: \x1b[2Jodd\n\n")
    assert list(failed_jobs(tmp_path / "log")) == [
        "explain_head_llm, 2 jobs failed: no server at port 1",
        "build_atlas, 2 jobs failed: 1 × ValueError: odd; 1 × its log says nothing",
    ]

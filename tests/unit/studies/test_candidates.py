"""Candidates as they are on disk: which items their answers are of, and which heads count."""

from pathlib import Path

import pytest

from headatlas.records.explanation import Candidate, Explanation
from headatlas.records.items import ITEMS
from headatlas.records.windows import WINDOWS
from headatlas.storage import write_rows
from headatlas.studies.arms import Arm, Found
from headatlas.studies.candidates import best_of_k
from headatlas.studies.tables import Sampling

HOLDS = [True, False] * 4  # in a window each


def candidate(number: int, answers: list[float | None], score: float | None) -> Candidate:
    return Candidate(
        round=0, number=number, summary="s", behaviours=[], score=score, reason=None,
        answers=answers,
    )  # fmt: skip


def explanation(head: int, candidates: list[Candidate]) -> Explanation:
    return Explanation(
        model="m", corpus="c", explainer="e", round=0, layer=0, head=head, status="explained",
        reason=None, title="", summary="", behaviours=[], program=None, confidence=None,
        positive_texts=[], negative_texts=[], candidates=candidates,
    )  # fmt: skip


def rows(folder: Path, *candidates: list[Candidate]) -> list[dict[str, object]]:
    """Those of a study of one variant: its heads have these candidates."""
    about = {"query": 3, "key": None, "marks": []}
    items = [
        {
            "layer": 0,
            "head": head,
            "split": "validation",
            "question": question,
            "window": w,
            **about,
        }
        | {"holds": None if question == "levels" else holds}
        for head in range(len(candidates))
        for w, holds in enumerate(HOLDS)
        for question in ("levels", "active", "marked")
    ]
    write_rows(folder / "items/layer00.parquet", items, ITEMS)
    windows = [
        {"window": w, "split": "validation", "document": f"d{w // 2}", "start": 0, "sampled": False}
        | {"tokens": [], "pieces": []}
        for w in range(len(HOLDS))
    ]
    write_rows(folder / "windows.parquet", windows, WINDOWS)
    arm = Arm(
        changed={}, own={}, model="m", corpus="c", explainer="e", clustering="k", rounds=[],
        judged=True, scored=True, clusters=None, items=folder / "items",
        windows=folder / "windows.parquet",
    )  # fmt: skip
    explanations = {(0, n): explanation(n, own) for n, own in enumerate(candidates)}
    found = [*best_of_k([arm], {"": Found(explanations, {}, None)}, Sampling(20, 0))]
    return [row for row in found if row["measured_on"] == "other documents"]


def pair(wrong: list[float | None], score: float | None) -> list[Candidate]:
    return [candidate(0, [float(h) for h in HOLDS], 1.0), candidate(1, wrong, score)]


def test_answers_are_of_the_questions_that_choose(tmp_path: Path) -> None:
    found = rows(tmp_path, pair([0.5] * len(HOLDS), 0.5))
    assert [row["value"] for row in found] == pytest.approx([0.75, 1.0])


def test_a_head_of_which_all_candidates_failed_counts_as_chance(tmp_path: Path) -> None:
    failed = [candidate(n, [], None) for n in range(2)]
    found = rows(tmp_path, pair([0.5] * len(HOLDS), 0.5), failed)
    assert [row["value"] for row in found] == pytest.approx([0.625, 0.75])
    assert {row["n"] for row in found} == {2}


def test_scores_of_which_no_answers_were_kept_do_not_count(tmp_path: Path) -> None:
    assert rows(tmp_path, pair([], 0.5)) == []

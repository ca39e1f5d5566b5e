"""Which heads are whose controls, and which say the same."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.controls import (
    Alike,
    Head,
    alike_in_words,
    control_rows,
    controls_of,
    read_controls,
)
from headatlas.records.controls import CONTROLS
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.storage import write_rows

HEADS = [(layer, head) for layer in range(3) for head in range(4)]


@pytest.mark.parametrize(
    ("count", "within_layer", "expected"),
    [
        (0, False, []),
        (1, False, [(2, 3)]),  # half of the way around
        (3, False, [(2, 0), (2, 3), (0, 2)]),
        (1, True, [(1, 3)]),
        (9, True, [(1, 2), (1, 3), (1, 0)]),  # there are no more
    ],
)
def test_controls_stand_at_equal_steps(
    count: int, within_layer: bool, expected: list[Head]
) -> None:
    assert controls_of(HEADS, (1, 1), count, within_layer) == expected


@given(st.integers(1, 30), st.integers(0, 40))
def test_every_head_is_a_control_equally_often(heads: int, count: int) -> None:
    names = [(0, head) for head in range(heads)]
    found = {at: controls_of(names, at, count) for at in names}
    times = Counter(other for others in found.values() for other in others)
    assert set(times.values()) <= {min(count, heads - 1)}
    assert all(at not in others for at, others in found.items())
    assert all(len({*others}) == len(others) for others in found.values())


@given(st.integers(1, 12), st.integers(0, 12), st.data())
def test_controls_are_among_those_that_differ(heads: int, count: int, data: st.DataObject) -> None:
    names = [(0, head) for head in range(heads)]
    at = data.draw(st.sampled_from(names))
    among = data.draw(st.sets(st.sampled_from(names)))
    found = controls_of(names, at, count, among=among)
    assert len(found) == len({*found}) == min(count, len(among - {at}))
    assert {*found} <= among - {at}


def test_heads_beside_each_other_that_say_the_same_have_several_controls() -> None:
    """Half of the heads say one thing, and each of the others is a control equally often."""
    names = [(layer, head) for layer in range(4) for head in range(4)]
    first, second = names[:8], names[8:]
    found = [controls_of(names, at, 2, among=second) for at in first]
    assert {*Counter(other for others in found for other in others).values()} == {2}


def explanation(
    head: int, *families: str, summary: str = "", status: str = "explained"
) -> Explanation:
    return Explanation(
        **{"model": "m", "corpus": "c", "explainer": "e", "round": 0, "layer": 0, "head": head},
        status=status,
        reason=None,
        title="t",
        summary=summary or f"Summary {head}.",
        behaviours=[
            Behaviour(
                attends_to="x", active_when="", family=f, 
                frequency=None,
            )
            for f in families
        ],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )  # fmt: skip


def test_explanations_in_words_are_told_apart_by_their_families() -> None:
    said = [
        explanation(0, "induction", "local"),
        explanation(1, "Local", "Induction"),
        explanation(2, "local"),
        explanation(3, "previous token"),
        explanation(4, "previous-token", "local", summary="SUMMARY 5"),
        explanation(5, "copy", summary="Summary 5."),
        explanation(6, "copy", status="failed"),
    ]
    alike = alike_in_words({(0, e.head): e for e in said})
    assert alike.heads == [(0, head) for head in range(6)]
    assert alike.between((0, 0), (0, 2)) == 0.5
    assert alike.between((0, 2), (0, 3)) == 0
    assert alike.twins((0, 0)) == [(0, 1)] and alike.twins((0, 1)) == [(0, 0)]
    assert alike.twins((0, 4)) == [(0, 5)], "the summaries are the same"
    assert alike.differing((0, 0)) == [(0, 3), (0, 5)]
    assert alike.differing((0, 3)) == [(0, 0), (0, 1), (0, 2), (0, 5)]
    assert alike.differing((0, 6)) == []


def test_the_table_of_a_model_by_hand(tmp_path: Path) -> None:
    heads = [(0, 0), (0, 2), (1, 0), (1, 1)]
    similarity = np.array(
        [[1, 0.95, 0.2, 0.1], [0.95, 1, 0.8, 0.0], [0.2, 0.8, 1, 0.9], [0.1, 0.0, 0.9, 1]]
    )
    alike = Alike(heads, similarity, 0.7, 0.9)
    rows = control_rows(alike, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)], 2, 1)
    write_rows(tmp_path / "c.parquet", rows, CONTROLS)
    found = {
        at: {
            relation: [
                (r["other_layer"], r["other_head"])
                for r in rows
                if (r["layer"], r["head"]) == at and r["relation"] == relation
            ]
            for relation in ("model", "layer", "twin")
        }
        for at in heads
    }
    assert found == {
        (0, 0): {"model": [(1, 0), (1, 1)], "layer": [], "twin": [(0, 2)]},
        (0, 2): {"model": [(1, 1)], "layer": [], "twin": [(0, 0)]},
        (1, 0): {"model": [(0, 0)], "layer": [], "twin": [(1, 1)]},
        (1, 1): {"model": [(0, 0), (0, 2)], "layer": [], "twin": [(1, 0)]},
    }
    assert read_controls(tmp_path / "c.parquet", (1, 1)) == {"model": [(0, 0), (0, 2)], "layer": []}
    assert read_controls(tmp_path / "c.parquet", (0, 1)) == {"model": [], "layer": []}

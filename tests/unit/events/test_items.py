"""Items that a judge is asked: what holds, what does not, and where they come from."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from event_rows import event_row, table_of
from hypothesis import given, settings
from hypothesis import strategies as st
from places import SCRIPTS

from headatlas.events.items import choose_items, draw_items
from headatlas.items import QUESTIONS, Item, read_items
from headatlas.records.events import EVENTS
from headatlas.storage import write_rows

LENGTH = 10


def row(window: int, seed: int, split: str = "test", kind: str = "random") -> dict[str, object]:
    """A window of a head that does anything at all; the first token is the strongest of all."""
    rng = np.random.default_rng([seed, window])
    attention = np.tril(rng.exponential(size=(LENGTH, LENGTH)) ** 2)
    attention /= attention.sum(axis=1, keepdims=True)
    activation = [99.0, *rng.random(LENGTH - 1).tolist()]
    tokens = [0, *rng.integers(1, 4, LENGTH - 1).tolist()]
    return event_row(window, tokens, activation, attention, split, kind)


def chosen(events: pa.Table, count: int = 8, seed: int = 0) -> list[Item]:
    return choose_items(events, "test", count, np.random.default_rng(seed))


@settings(max_examples=50)
@given(st.integers(0, 6), st.integers(0, 30), st.integers(0, 1000))
def test_items_of_any_head(windows: int, count: int, seed: int) -> None:
    rows = [row(window, seed) for window in range(windows)]
    others = [row(7, seed, kind="top"), row(8, seed, split="validation")]
    items = chosen(table_of([*rows, *others]), count, seed)
    assert items == chosen(table_of([*rows, *others]), count, seed)
    assert len(set(items)) == len({item[:4] for item in items}) == len(items)
    for question in ("active", "attends"):
        asked = [item for item in items if item.question == question]
        assert 2 * sum(item.holds for item in asked) == len(asked) <= count
    for item in items:
        assert item.window < windows
        assert 1 <= item.query < LENGTH
        activation = rows[item.window]["activation"]
        attention = np.reshape(rows[item.window]["weights"], (LENGTH, LENGTH))
        if item.question == "active":
            ranked = np.sort(np.concatenate([r["activation"][1:] for r in rows]))
            place = np.searchsorted(ranked, activation[item.query]) / len(ranked)
            assert item.key is None
            assert place >= 0.88 if item.holds else place <= 0.5
        else:
            assert item.key is not None
            assert 1 <= item.key <= item.query
            weight = attention[item.query, item.key]
            held = [i for i in items if i.holds and i.question == item.question]
            strongest = [attention[i.query, i.key] for i in held if i.window == item.window]
            assert item.holds or weight <= max(strongest) / 2
            assert not item.holds or weight > 1 / (item.query + 1)


def test_items_come_from_as_many_windows_as_possible() -> None:
    items = chosen(table_of([row(window, 3) for window in range(12)]), 20)
    for question in ("active", "attends"):
        held = Counter(i.window for i in items if i.question == question and i.holds)
        assert sum(held.values()) == 10
        # Activations in the top tenth need not be in every window; a strongest pair is.
        assert max(held.values()) == (1 if question == "attends" else 2)


def by_hand() -> pa.Table:
    """One window: active at 9 (token 5), which attends to 4; token 5 stands at 2 too."""
    attention = np.zeros((LENGTH, LENGTH))
    attention[:, 0] = 1
    attention[9, [0, 4]] = 0.2, 0.8
    tokens = [0, 1, 5, 1, 2, 3, 1, 3, 2, 5]
    activation = [9.0, 0.6, 0.1, 0.7, 0.6, 0.7, 0.6, 0.6, 0.7, 1.0]
    return table_of([event_row(0, tokens, activation, attention)])


def test_active_is_asked_of_the_top_tenth_and_of_the_lower_half() -> None:
    items = {i for i in chosen(by_hand(), 2) if i.question == "active"}
    assert Item("active", 0, 9, None, True) in items
    (negative,) = items - {Item("active", 0, 9, None, True)}
    assert negative.query in {1, 2, 4, 6, 7}


@pytest.mark.parametrize(("usual", "other"), [(0.0, 1.0), (1.0, 0.0)])
def test_a_head_that_does_the_same_at_most_tokens_has_items(usual: float, other: float) -> None:
    """It writes at fewer tokens than a tenth, or at more than half of them."""
    rows = [
        event_row(
            window,
            list(range(LENGTH)),
            [9.0, *[usual] * 8, other if window == 1 else usual],
            np.eye(LENGTH),
        )
        for window in range(3)
    ]
    items = [i for i in chosen(table_of(rows), 8) if i.question == "active"]
    assert len(items) == 2
    rare = {(i.window, i.query) for i in items if i.holds == (other > usual)}
    assert rare == {(1, 9)}


def test_every_other_negative_has_the_token_of_its_positive() -> None:
    # Two windows of which each has an active 5 at its end and an inactive one at 2.
    rows = [{**by_hand().to_pylist()[0], "window": window} for window in (0, 1)]
    for seed in range(5):
        items = [i for i in chosen(table_of(rows), 4, seed) if i.question == "active"]
        assert sorted(i.query for i in items if i.holds) == [9, 9]
        assert 2 in [i.query for i in items if not i.holds]


def test_the_look_alikes_of_a_pair_take_turns() -> None:
    # Nothing else has any attention, so each window has one strongest pair: 9 on 4.
    rows = [{**by_hand().to_pylist()[0], "window": window} for window in range(2)]
    items = [i for i in chosen(table_of(rows), 4) if i.question == "attends"]
    held, not_held = (
        [(i.query, i.key) for i in items if i.holds is side] for side in (True, False)
    )
    assert held == [(9, 4), (9, 4)]
    # The first negative shares the query, the second the distance.
    assert {query == 9 for query, _ in not_held} == {True, False}
    assert {query - key == 5 for query, key in not_held} >= {True}


@pytest.mark.parametrize("rows", [[], [row(0, 0, split="train")]])
def test_without_windows_there_are_no_items(rows: list) -> None:
    assert chosen(pa.Table.from_pylist(rows, schema=EVENTS)) == []


@pytest.mark.parametrize("activation", [1.0, float("nan")])
def test_a_head_that_does_the_same_everywhere_has_no_items(activation: float) -> None:
    attention = np.zeros((LENGTH, LENGTH))
    attention[:, 0] = 1
    flat = event_row(0, list(range(LENGTH)), [activation] * LENGTH, attention)
    assert chosen(table_of([flat])) == []


def test_a_seed_a_head_and_a_split_have_items_of_their_own() -> None:
    rows = [row(window, 1, split) for split in ("validation", "test") for window in range(9)]
    events = table_of(rows)
    items = draw_items(events, 8, 0, 2, 3)
    assert items == draw_items(events, 8, 0, 2, 3)
    for other in ((1, 2, 3), (0, 1, 3), (0, 2, 4)):
        assert draw_items(events, 8, *other)["test"] != items["test"]
    assert [*items] == ["validation", "test"] and items["validation"] != items["test"]


def test_the_script_draws_the_items_of_each_head_in_the_order_they_are_asked(
    tmp_path: Path,
) -> None:
    splits = ("train", "validation", "test")
    rows = [
        row(window, head, split) | {"layer": 2, "head": head}
        for head in (1, 3)
        for split in splits
        for window in range(4)
    ]
    write_rows(tmp_path / "e.parquet", rows, EVENTS)
    command = [sys.executable, str(SCRIPTS / "draw_items.py"), "--events", "e.parquet"]
    command += ["--layer", "2", "--heads", "1", "3", "--items", "6", "--seed", "5"]
    subprocess.run([*command, "--out", "i.parquet"], cwd=tmp_path, check=True)
    for head in (1, 3):
        own = table_of([r for r in rows if r["head"] == head])
        expected = draw_items(own, 6, 5, 2, head)
        assert sum(item.question in QUESTIONS for item in expected["test"]) == 12
        assert read_items(tmp_path / "i.parquet", head) == expected
    assert read_items(tmp_path / "i.parquet", 2) == {"validation": [], "test": []}

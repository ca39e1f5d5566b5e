"""Items about several tokens of a passage: what is marked, and of which the level is asked."""

import numpy as np
import pyarrow as pa
import pytest
from event_rows import event_row, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from headatlas.events.items import choose_items, draw_items
from headatlas.events.passages import choose_passages
from headatlas.items import QUESTIONS, SPAN, Item
from headatlas.records.base import SPLITS
from headatlas.records.events import EVENTS

LENGTH = 50


def row(window: int, seed: int, split: str = "test", length: int = LENGTH) -> dict[str, object]:
    rng = np.random.default_rng([seed, window])
    activation = [99.0, *rng.random(length - 1).tolist()]
    tokens = [0, *rng.integers(1, 4, length - 1).tolist()]
    attention = np.tril(rng.exponential(size=(length, length)))
    return event_row(window, tokens, activation, attention, split)


def chosen(events: pa.Table, count: int = 8, seed: int = 0) -> list[Item]:
    return choose_passages(events, "test", count, np.random.default_rng(seed))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 6), st.integers(0, 20), st.integers(0, 100), st.sampled_from([3, 20, LENGTH]))
def test_passages_of_any_head(windows: int, count: int, seed: int, length: int) -> None:
    rows = [row(window, seed, length=length) for window in range(windows)]
    items = chosen(table_of(rows), count, seed)
    assert items == chosen(table_of(rows), count, seed)
    assert len({item.place for item in items}) == len(items)
    marked = [item for item in items if item.question == "marked"]
    levels = [item for item in items if item.question == "levels"]
    assert 2 * sum(bool(item.holds) for item in marked) == len(marked) <= count
    assert len(levels) == min(count, windows)
    everywhere = np.concatenate([r["activation"][1:] for r in rows] or [[]])
    for item in items:
        activation = np.array(rows[item.window]["activation"])
        first = max(1, item.query + 1 - SPAN)
        assert list(item.marks) == sorted(set(item.marks))
        assert first <= item.marks[0] and item.marks[-1] <= item.query < length
        if item.question == "levels":
            assert item.holds is None
            assert item.marks == tuple(range(first, item.query + 1))
        elif item.holds:
            assert activation[list(item.marks)].min() >= np.quantile(everywhere, 0.89)
        else:
            assert activation[list(item.marks)].max() <= np.median(everywhere)


def test_either_side_has_as_many_marks_in_the_same_text() -> None:
    items = chosen(table_of([row(window, 1) for window in range(6)]), 12)
    sides = [
        sorted((i.window, i.query, len(i.marks)) for i in items if i.holds is holds)
        for holds in (True, False)
    ]
    assert sides[0] == sides[1] != []


def test_levels_are_asked_of_every_part_of_a_window() -> None:
    rows = [row(window, 2) for window in range(40)]
    items = [i for i in chosen(table_of(rows), 40) if i.question == "levels"]
    assert {at for item in items for at in item.marks} == set(range(1, LENGTH))
    assert {len(item.marks) for item in items} == {SPAN}


def test_passages_move_no_item_that_was_drawn_before() -> None:
    events = table_of([row(n, 3, split) for split in ("validation", "test") for n in range(9)])
    drawn = draw_items(events, 8, 5, 2, 3)
    for split in ("validation", "test"):
        rng = np.random.default_rng([5, 2, 3, SPLITS.index(split)])
        before = choose_items(events, split, 8, rng)
        assert drawn[split][: len(before)] == before
        assert all(item.question in QUESTIONS for item in before)
        assert {i.question for i in drawn[split][len(before) :]} == {"marked", "levels"}


@pytest.mark.parametrize("rows", [[], [row(0, 0, "train")]])
def test_without_windows_there_are_no_passages(rows: list) -> None:
    assert chosen(pa.Table.from_pylist(rows, schema=EVENTS)) == []


def test_a_head_that_does_the_same_everywhere_has_no_marks() -> None:
    flat = event_row(0, [0] * LENGTH, [1.0] * LENGTH, np.eye(LENGTH))
    assert [item.question for item in chosen(table_of([flat]))] == ["levels"]
    spoiled = event_row(0, [0] * LENGTH, [1.0] * 9 + [np.nan] * 41, np.eye(LENGTH))
    assert chosen(table_of([spoiled])) == []

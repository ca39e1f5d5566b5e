"""The one reader of events: which rows, and what of them."""

from pathlib import Path

import numpy as np
import pytest
from event_rows import event_row, table_of

from headatlas.errors import InputError
from headatlas.event_rows import (
    events_of,
    random_windows,
    read_random_windows,
    read_texts,
    texts_of,
)
from headatlas.records.events import EVENTS
from headatlas.storage import write_rows

ATTENTION = np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 0.375]])


def row(window: int, split: str = "test", kind: str = "random", **changes: object) -> dict:
    made = event_row(window, [5, 6, 7], [9.0, 1.5, 0.5], ATTENTION, split, kind)
    return made | changes


def test_attention_is_scattered_by_row_and_padding_left_out() -> None:
    keys, weights = [0, -1, 1, 0, 2, -1], [1.0, 0.5, 0.75, 0.25, 0.375, 0.5]
    (event,) = events_of(table_of([row(4, keys=keys, weights=weights)]))
    assert event.keys.tolist() == [[0, -1], [1, 0], [2, -1]]
    assert event.attention().tolist() == ATTENTION.tolist()
    assert event.activation.tolist() == [9.0, 1.5, 0.5]
    assert (event.window, event.query, event.tokens.tolist()) == (4, 1, [5, 6, 7])


def test_attention_of_a_random_window_is_whole_whatever_else_was_kept() -> None:
    keys, weights = [0, 1, 2], [1.0, 0.75, 0.375]
    half = [1.0, 0.25, 0.75, 0.0, 0.0, 0.375]
    (event,) = events_of(table_of([row(4, keys=keys, weights=weights, attention=half)]))
    assert event.attention().tolist() == ATTENTION.tolist()
    assert event.attention().dtype == float
    (event,) = events_of(table_of([row(4, keys=keys, weights=weights)]))
    assert event.attention()[1].tolist() == [0.0, 0.75, 0.0]


def test_splits_and_kinds_are_chosen_and_the_order_of_the_rows_is_kept() -> None:
    table = table_of([row(3), row(1, kind="top"), row(2, "train"), row(0, "train", "quantile")])
    assert [event.window for event in events_of(table)] == [3, 1, 2, 0]
    assert [event.window for event in events_of(table, ["train"])] == [2, 0]
    assert [event.window for event in events_of(table, ["test"], ["top"])] == [1]


def test_random_windows_come_in_the_order_of_their_numbers() -> None:
    table = table_of([row(3), row(1), row(2, kind="top"), row(0, "train")])
    assert [event.window for event in random_windows(table, "test")] == [1, 3]
    assert [text.window for text in texts_of(table, ["train", "test"])] == [3, 1, 0]


def test_a_text_needs_and_has_nothing_of_what_the_head_did(tmp_path: Path) -> None:
    columns = ["split", "kind", "window", "tokens", "pieces"]
    (text,) = texts_of(table_of([row(3)]).select(columns), ["test"])
    assert text == ("test", 3, [5, 6, 7], ["t5", "t6", "t7"])
    write_rows(tmp_path / "e.parquet", [row(3)], EVENTS)
    assert read_texts(tmp_path / "e.parquet", 1, ["test"]) == [text]


def test_a_split_without_a_random_window_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    write_rows(path, [row(3), row(1, "train", "top")], EVENTS)
    (event,) = read_random_windows(path, 1, "test")
    assert event.attention().tolist() == ATTENTION.tolist()
    expected = "head 1 has no random window in the train split"
    with pytest.raises(InputError, match=expected):
        read_random_windows(path, 1, "train")
    with pytest.raises(InputError, match=expected):
        read_texts(path, 1, ["test", "train"])

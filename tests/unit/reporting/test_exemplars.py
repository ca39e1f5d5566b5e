"""Exemplar windows: which are shown, and how attention is packed."""

import base64

import numpy as np
import pytest
from event_rows import table_of

from headatlas.event_rows import Event, events_of
from headatlas.reporting.exemplars import (
    KEYS_SHOWN,
    LONGEST,
    choose,
    excerpt,
    exemplar,
    groups,
    pack,
)


def event(split: str = "test", kind: str = "top", rank: int = 0, **changes: object) -> Event:
    """Four tokens whose third has the largest activation; it attends to the second and itself."""
    row = {
        "layer": 0,
        "head": 0,
        "split": split,
        "kind": kind,
        "rank": rank,
        "window": 7,
        "document": "d",
        "context_kind": "prose",
        "query": 2,
        "peak": 2.0,
        "tokens": [0, 1, 2, 3],
        "pieces": ["<s>", "a", "b", "c"],
        "activation": [9.0, 0.5, 2.0, 1.0],
        "keys": [0, -1, 1, 0, 1, 2, 3, -1],
        "weights": [1.0, 0.0, 0.8, 0.2, 0.6, 0.4, 1.0, 0.0],
        "value_norm": [1.0] * 4,
    } | changes
    (found,) = events_of(table_of([row]))
    return found


def test_pack_by_hand() -> None:
    keys = np.array([[0, -1], [1, 0], [-3, 2]])
    weights = np.array([[1.0, 0.0], [0.2, 0.8], [0.4, 0.6]], np.float32)
    assert list(pack(keys, weights)) == [1, 0, 0, 255, 2, 0, 0, 204, 1, 51, 1, 102, 2, 153]


def test_pack_leaves_out_small_and_many_weights() -> None:
    keys = np.arange(10)[None]
    weights = np.array([[0.4, 0.001, *[0.08] * 8]], np.float32)
    packed = list(pack(keys, weights))
    assert packed[:4] == [KEYS_SHOWN, 0, 0, 102]
    assert len(packed) == 2 + 2 * KEYS_SHOWN
    assert 1 not in packed[2::2]


def test_exemplar_by_hand() -> None:
    shown = exemplar(event(), 2.0)
    assert [token.level for token in shown.tokens] == [9, 2, 9, 5]
    assert list(base64.b64decode(shown.activation)) == [255, 64, 255, 128]
    assert list(base64.b64decode(shown.attention))[-10:] == [2, 0, 1, 153, 2, 102, 1, 0, 3, 255]
    assert (shown.query, shown.start, shown.omitted) == (2, 0, 0)


def test_position_0_does_not_set_the_scale() -> None:
    made, largest = groups([event()], 6)
    assert largest == 2.0
    assert [group.title for group in made] == ["Top exemplars"]


@pytest.mark.parametrize(
    ("length", "query", "shown"),
    [(40, 3, (0, 40)), (512, 3, (0, LONGEST)), (512, 300, (204, 332)), (512, 511, (384, 512))],
)
def test_an_excerpt_holds_the_query(length: int, query: int, shown: tuple[int, int]) -> None:
    assert excerpt(length, query) == shown
    assert shown[0] <= query < shown[1]


def test_a_long_window_is_cut_around_its_query() -> None:
    length = 300
    row = event(
        query=280,
        tokens=[1] * length,
        pieces=["x"] * length,
        activation=[0.0] * 280 + [2.0] + [0.0] * 19,
        keys=[key for q in range(length) for key in (0, q)],
        weights=[0.25, 0.75] * length,
    )
    shown = exemplar(row, 2.0)
    assert (shown.start, shown.omitted, shown.query) == (172, 0, 108)
    assert len(shown.tokens) == LONGEST
    assert list(base64.b64decode(shown.attention))[:4] == [1, 64, 0, 191]


def test_quantiles_are_spread_and_others_are_the_first() -> None:
    spread = choose([event(kind="quantile", rank=rank) for rank in range(9)], 3)
    first = choose([event(rank=rank) for rank in (2, 0, 1, 3)], 3)
    assert [e.rank for e in spread] == [0, 4, 8]
    assert [e.rank for e in first] == [0, 1, 2]


def test_groups_are_test_first_then_train() -> None:
    rows = [event("train", "top"), event("validation", "top"), event("test", "random"), event()]
    made, _ = groups(rows, 6)
    assert [(g.split, g.kind) for g in made] == [
        ("test", "top"),
        ("test", "random"),
        ("train", "top"),
    ]

"""Rows of the table of events, made by hand."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headatlas.events.items import draw_items, item_rows
from headatlas.records.events import EVENTS
from headatlas.records.items import ITEMS
from headatlas.storage import read_table, write_rows


def event_row(
    window: int,
    tokens: list[int],
    activation: list[float],
    attention: np.ndarray,
    split: str = "test",
    kind: str = "random",
) -> dict[str, object]:
    """A window in which a head attends as the matrix (query, key) says; all keys are kept."""
    length = len(tokens)
    keys = np.tile(np.arange(length), (length, 1))
    keys[np.triu_indices(length, 1)] = -1
    return {
        "layer": 0,
        "head": 1,
        "split": split,
        "kind": kind,
        "rank": window,
        "window": window,
        "document": "d",
        "context_kind": "prose",
        "query": 1,
        "peak": 1.0,
        "tokens": tokens,
        "pieces": [f"t{token}" for token in tokens],
        "activation": activation,
        "keys": keys.ravel().tolist(),
        "weights": np.tril(attention).ravel().tolist(),
        "value_norm": [1.0] * length,
    }


def table_of(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=EVENTS)


def write_items(path: Path, events: Path, count: int, seed: int = 0) -> None:
    """The items of all heads of a table of events."""
    table = read_table(events, EVENTS)
    rows = []
    for layer, head in sorted({(r["layer"], r["head"]) for r in table.to_pylist()}):
        own = table.filter(pc.field("head") == head)
        rows += item_rows(draw_items(own, count, seed, layer, head), layer, head)
    write_rows(path, rows, ITEMS)

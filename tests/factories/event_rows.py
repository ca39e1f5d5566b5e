"""Rows of the table of events, made by hand."""

import numpy as np
import pyarrow as pa

from headatlas.records.events import EVENTS


def event_row(
    window: int,
    tokens: list[int],
    salience: list[float],
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
        "salience": salience,
        "keys": keys.ravel().tolist(),
        "weights": np.tril(attention).ravel().tolist(),
        "value_norm": [1.0] * length,
    }


def table_of(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=EVENTS)

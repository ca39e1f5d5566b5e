"""Reads what the model loses without the heads of a layer, head by head."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from ..controls import Head
from ..records.ablations import ABLATIONS
from ..storage import read_table
from .rows import Ablated


def ablated_heads(path: Path) -> Iterator[tuple[Head, dict[str, Ablated]]]:
    """The heads of a table of `records.ablations.ABLATIONS`, by kind of ablation."""
    table = read_table(path, ABLATIONS)
    places: dict[Head, dict[str, list[int]]] = {}
    for row, (layer, head, kind) in enumerate(
        zip(*(table[name].to_pylist() for name in ("layer", "head", "kind")), strict=True)
    ):
        places.setdefault((layer, head), {}).setdefault(kind, []).append(row)
    for at in sorted(places):
        yield at, {kind: _ablated(table, rows) for kind, rows in places[at].items()}


def _ablated(table: pa.Table, rows: Sequence[int]) -> Ablated:
    windows = table["window"].to_pylist()
    rows = sorted(rows, key=lambda row: windows[row])

    def matrix(name: str) -> np.ndarray:
        return np.stack([np.asarray(table[name][row].values).astype(float) for row in rows])

    direct = matrix("direct") if table["direct"][rows[0]].is_valid else None
    return Ablated([windows[row] for row in rows], matrix("loss"), matrix("kl"), direct)

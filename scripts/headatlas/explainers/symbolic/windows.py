"""One head's random windows from the events of its layer, and only the splits asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ...errors import InputError
from ...records import EVENTS, Split
from ...storage import read_head
from .context import Context

_TEXT = ["split", "window", "tokens", "pieces"]
_MEASURED = ["salience", "keys", "weights"]


class Text(NamedTuple):
    """A window without anything the head did in it."""

    split: Split
    window: int
    context: Context


class Measured(NamedTuple):
    """A window and what the head did in it. Attention outside the kept keys is 0."""

    context: Context
    salience: Float[np.ndarray, " token"]
    attention: Float[np.ndarray, "query key"]


def read_texts(path: Path, head: int, splits: Sequence[Split]) -> list[Text]:
    """The random windows of `splits`, text alone. Raises InputError if there are none."""
    rows = _random_rows(path, head, splits, _TEXT)
    return [Text(r["split"], r["window"], Context(r["tokens"], r["pieces"])) for r in rows]


def read_measured(path: Path, head: int, split: Split) -> list[Measured]:
    """The random windows of `split` with the head's record. Raises InputError if none."""
    rows = _random_rows(path, head, [split], _TEXT + _MEASURED)
    return [
        Measured(
            Context(row["tokens"], row["pieces"]),
            np.asarray(row["salience"], dtype=np.float64),
            dense_attention(row["keys"], row["weights"], len(row["tokens"])),
        )
        for row in rows
    ]


def dense_attention(
    keys: Sequence[int], weights: Sequence[float], length: int
) -> Float[np.ndarray, "query key"]:
    """The attention matrix of flat rows of kept keys; 0 where nothing was kept."""
    kept = np.asarray(keys, dtype=np.int64).reshape(length, -1)
    queries, slots = np.nonzero(kept >= 0)
    attention = np.zeros((length, length), np.float32)
    attention[queries, kept[queries, slots]] = np.asarray(weights).reshape(kept.shape)[
        queries, slots
    ]
    return attention


def _random_rows(
    path: Path, head: int, splits: Sequence[Split], columns: list[str]
) -> list[dict[str, Any]]:
    table = read_head(path, EVENTS, head, ["kind", *columns])
    kinds, found = table.column("kind").to_pylist(), table.column("split").to_pylist()
    wanted = [kinds[n] == "random" and found[n] in splits for n in range(len(kinds))]
    rows: list[dict[str, Any]] = (
        table.filter(pa.array(wanted, pa.bool_())).select(columns).to_pylist()
    )
    for split in splits:
        if not any(row["split"] == split for row in rows):
            raise InputError(f"{path}: head {head} has no random window in the {split} split")
    return rows

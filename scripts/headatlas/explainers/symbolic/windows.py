"""One head's random windows from the events of its layer, and only the splits asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ...errors import InputError
from ...exemplar_rows import dense_attention, random_rows
from ...records.base import Split
from ...records.events import EVENTS
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
    """A window and what the head did in it.

    Of each query's attention, that on key 0 and the largest K of the others are kept;
    the others count as 0. So the share of a rule is a lower bound, close for heads that
    attend to few keys. Attention to all tokens of a frequent class may be told as less than
    it is, or not found; attention to everything is told by its entropy, of whole rows.
    """

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
            dense_attention(
                np.asarray(row["keys"], np.int16).reshape(len(row["tokens"]), -1),
                np.asarray(row["weights"], np.float32).reshape(len(row["tokens"]), -1),
            ),
        )
        for row in rows
    ]


def _random_rows(
    path: Path, head: int, splits: Sequence[Split], columns: list[str]
) -> list[dict[str, Any]]:
    table = read_head(path, EVENTS, head, ["kind", *columns])
    rows: list[dict[str, Any]] = random_rows(table, splits).select(columns).to_pylist()
    for split in splits:
        if not any(row["split"] == split for row in rows):
            raise InputError(f"{path}: head {head} has no random window in the {split} split")
    return rows

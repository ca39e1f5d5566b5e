"""What readers of exemplar windows share: the random ones, and attention as a matrix."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from .records.base import Split


def random_rows(events: pa.Table, splits: Collection[Split]) -> pa.Table:
    """The rows of the random windows of `splits`, in their order in `events`."""
    kinds, found = events.column("kind").to_pylist(), events.column("split").to_pylist()
    wanted = [k == "random" and s in splits for k, s in zip(kinds, found, strict=True)]
    return events.filter(pa.array(wanted, pa.bool_()))


def dense_attention(
    keys: Int[np.ndarray, "query kept"], weights: Float[np.ndarray, "query kept"]
) -> Float[np.ndarray, "query key"]:
    """The attention matrix of the kept keys of each query; what was not kept counts as 0.

    Keys below 0 pad a row and are left out. There are as many keys as queries.
    """
    queries, slots = np.nonzero(keys >= 0)
    attention = np.zeros((len(keys), len(keys)), weights.dtype)
    attention[queries, keys[queries, slots]] = weights[queries, slots]
    return attention


@dataclass(frozen=True)
class Measured:
    """A random window as the head treated it. T tokens, K keys kept of each query row."""

    window: int
    tokens: Int[np.ndarray, " T"]
    salience: Float[np.ndarray, " T"]
    keys: Int[np.ndarray, "T K"]
    weights: Float[np.ndarray, "T K"]

    def attention(self) -> Float[np.ndarray, "query key"]:
        """Attention; what lies outside the K kept keys counts as 0."""
        return dense_attention(self.keys, self.weights)


def random_windows(events: pa.Table, split: Split) -> list[Measured]:
    """The random windows of a split, in the order of their numbers."""
    rows = random_rows(events, [split])
    return sorted((_measured(rows, row) for row in range(len(rows))), key=lambda m: m.window)


def _measured(events: pa.Table, row: int) -> Measured:
    def array(column: str) -> np.ndarray:
        return np.asarray(events[column][row].values)

    tokens = array("tokens")
    shape = (len(tokens), -1)
    return Measured(
        window=events["window"][row].as_py(),
        tokens=tokens,
        salience=array("salience").astype(float),
        keys=array("keys").reshape(shape),
        weights=array("weights").astype(float).reshape(shape),
    )

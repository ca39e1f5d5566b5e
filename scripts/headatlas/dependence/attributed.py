"""Estimates of what depends on the heads: which are the largest, and what they are by head."""

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ..controls import Head

Estimates = dict[Head, Float[np.ndarray, " window"]]


def by_head(table: pa.Table) -> Estimates:
    """The estimates of a table of `records.attribution.ATTRIBUTION`, in the order of windows."""
    found: dict[Head, list[tuple[int, float]]] = {}
    names = ("layer", "head", "window", "loss")
    for layer, head, window, loss in zip(*(table[n].to_pylist() for n in names), strict=True):
        found.setdefault((layer, head), []).append((window, loss))
    return {at: np.array([loss for _, loss in sorted(rows)]) for at, rows in found.items()}


def largest(table: pa.Table, number: int) -> set[Head]:
    """The heads whose mean estimates are largest, for better or worse; of equals the first."""
    means = {at: abs(float(values.mean())) for at, values in by_head(table).items()}
    return set(sorted(means, key=lambda at: (-means[at], at))[:number])

"""What readers of exemplar windows share: the random ones, and attention as a matrix."""

from collections.abc import Collection

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from .records import Split


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

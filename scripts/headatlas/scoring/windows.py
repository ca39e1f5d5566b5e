"""Measured and predicted attention of one window as matrices of the same shape."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int

from ..errors import InputError
from ..exemplar_rows import dense_attention, random_rows
from ..records import Prediction, Split


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


def predicted_attention(prediction: Prediction, length: int) -> Float[np.ndarray, "query key"]:
    """Predicted attention of a window of `length` tokens; keys that are not named count as 0.

    Raises InputError if the prediction is for another length, or names a key that the
    query cannot see.
    """
    name = f"prediction for window {prediction.window}"
    counts = [len(keys) for keys in prediction.keys]
    if not len(prediction.salience) == len(counts) == len(prediction.weights) == length:
        raise InputError(
            f"{name}: {len(prediction.salience)} saliences, {len(counts)} rows of keys and "
            f"{len(prediction.weights)} of weights, but the window has {length} tokens"
        )
    if counts != [len(weights) for weights in prediction.weights]:
        raise InputError(f"{name}: a row has not as many weights as keys")
    queries = np.repeat(np.arange(length), counts)
    keys = np.array([key for row in prediction.keys for key in row], dtype=int)
    unseen = (keys < 0) | (keys > queries)
    if unseen.any():
        query, key = queries[unseen][0], keys[unseen][0]
        raise InputError(f"{name}: key {key} of query {query}; a query sees keys 0 to itself")
    dense = np.zeros((length, length))
    dense[queries, keys] = [weight for row in prediction.weights for weight in row]
    return dense


def ranked_pairs(length: int) -> Bool[np.ndarray, "query key"]:
    """The pairs that scores look at: 1 <= key <= query. Key 0 is the sink and left out."""
    pairs = np.tril(np.ones((length, length), dtype=bool))
    pairs[:, 0] = False
    return pairs

"""How far predicted attention is from measured attention: pure functions of matrices.

The first query of a window, which has one key, is left out throughout.
"""

import numpy as np
from jaxtyping import Float

Matrix = Float[np.ndarray, "T T"]
Rows = Float[np.ndarray, "row key"]
# The least that half precision holds, in which attention is stored: nothing is predicted less.
_LEAST = 2.0**-24


def rows_of(attention: Matrix) -> Rows:
    """Rows that sum to 1, those of the first query and of zeros apart."""
    return _normalised(attention[1:])


def off_first(attention: Matrix) -> Rows:
    """Rows without position 0 that sum to 1; a row that has nothing else stays zero."""
    return _normalised(attention[1:, 1:])


def even(length: int) -> Float[np.ndarray, "{length} {length}"]:
    """The same share for every key of a query."""
    return np.tri(length) / np.arange(1, length + 1)[:, None]


def first(length: int) -> Float[np.ndarray, "{length} {length}"]:
    """All attention on position 0."""
    return np.repeat(np.eye(1, length), length, axis=0)


def divergence(measured: Rows, predicted: Rows) -> float:
    """KL(measured‖predicted) in nats, summed over rows that both sum to 1."""
    seen = measured > 0
    ratio = np.log(measured[seen]) - np.log(np.maximum(predicted[seen], _LEAST))
    return float(measured[seen] @ ratio)


def _normalised(rows: Rows) -> Rows:
    total = rows.sum(axis=1, keepdims=True)
    return np.divide(rows, total, out=np.zeros_like(rows, dtype=float), where=total > 0)

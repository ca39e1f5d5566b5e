"""Causal attention as a list: the rows of a lower triangle one after the other."""

import math

import numpy as np
from jaxtyping import Shaped


def pack(matrix: Shaped[np.ndarray, "*some query key"]) -> Shaped[np.ndarray, "*some pair"]:
    """The pairs with key ≤ query, query by query: T(T+1)/2 of a matrix of T tokens."""
    queries, keys = np.tril_indices(matrix.shape[-1])
    return matrix[..., queries, keys]


def unpack(pairs: Shaped[np.ndarray, "*some pair"]) -> Shaped[np.ndarray, "*some query key"]:
    """The matrix of such pairs, 0 where the key comes after the query.

    Raises ValueError if so many pairs are no triangle.
    """
    count = pairs.shape[-1]
    size = (math.isqrt(8 * count + 1) - 1) // 2
    if size * (size + 1) // 2 != count:
        raise ValueError(f"{count} pairs are not the lower triangle of a matrix")
    matrix = np.zeros((*pairs.shape[:-1], size, size), pairs.dtype)
    matrix[(..., *np.tril_indices(size))] = pairs
    return matrix

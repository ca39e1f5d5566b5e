"""Ranks of values, for jobs of one head: to import SciPy, which has them, takes longer."""

import numpy as np
from jaxtyping import Float


def mean_ranks(values: Float[np.ndarray, " unit"]) -> Float[np.ndarray, " unit"]:
    """The rank of each value from 1; equals share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]

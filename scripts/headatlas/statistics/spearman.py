"""Spearman's correlation of ranks, for all resamples at once."""

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata


def spearman(values: Float[np.ndarray, "draws units 2"]) -> Float[np.ndarray, " draws"]:
    """Pearson's correlation of ranks, where equals share their mean rank; NaN if all are equal."""
    ranks = rankdata(values, axis=1)
    ranks = ranks - ranks.mean(1, keepdims=True)
    spread = np.sqrt((ranks**2).sum(1).prod(-1))
    found: np.ndarray = np.divide(
        ranks.prod(-1).sum(1), spread, out=np.full(len(values), np.nan), where=spread > 0
    )
    return found

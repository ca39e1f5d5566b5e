"""The ratio of two sums."""

import numpy as np
from jaxtyping import Float


def ratio(sums: Float[np.ndarray, "*draws 2"]) -> Float[np.ndarray, "*draws"]:
    """First over second; NaN where the second is 0 or either is not finite."""
    top, bottom = sums[..., 0], sums[..., 1]
    known = (bottom != 0) & np.isfinite(top) & np.isfinite(bottom)
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=known)

"""Whether what is lost without a head is lost where an explanation predicts its activity."""

import numpy as np
from jaxtyping import Bool, Float

# A head counts as active at the tokens of largest predicted activation: this share of them.
ACTIVE_SHARE = 0.2

Tokens = Float[np.ndarray, "window token"]


def active_tokens(predicted: Tokens) -> Bool[np.ndarray, "window token"] | None:
    """Where a prediction is above its 80 % quantile over all tokens; None if it is constant.

    With ties at the quantile these are fewer than a fifth. Where nothing lies above it, since
    more than a fifth share the largest value, they are those that have it.
    """
    bound = np.quantile(predicted, 1 - ACTIVE_SHARE)
    found: np.ndarray = predicted > bound
    if not found.any():
        found = predicted >= bound
    return None if found.all() else found


def sides(
    values: Tokens, active: Bool[np.ndarray, "window token"], counts: Float[np.ndarray, "d window"]
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """The mean of values where active and elsewhere, given how often each window is drawn.

    NaN where no token of a side was drawn.
    """
    return _mean(values, active, counts), _mean(values, ~active, counts)


def _mean(
    values: Tokens, where: Bool[np.ndarray, "window token"], counts: Float[np.ndarray, "d window"]
) -> Float[np.ndarray, " d"]:
    drawn = counts @ where.sum(1)
    total = counts @ (values * where).sum(1)
    return np.divide(total, drawn, out=np.full(len(counts), np.nan), where=drawn > 0)

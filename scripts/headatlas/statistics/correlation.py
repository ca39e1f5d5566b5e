"""Pearson's correlation of predicted and measured values, from sums over windows.

Each window is reduced to six sums, from which the correlation over any resample of the
windows follows without looking at a token again.
"""

import numpy as np
from jaxtyping import Float

from ..records.base import Side

# Activations are stored in half precision, which has 11 significant bits: rounding moves a value
# by at most 2^-11 of itself, so it can bring about a variance of 2^-22 of the mean square. Values
# that vary no more than that are constant.
_CONSTANT = 2.0**-22


def moments(
    predicted: Float[np.ndarray, " values"], measured: Float[np.ndarray, " values"]
) -> Float[np.ndarray, " 6"]:
    """The sums that Pearson's r needs: n, x, y, x², y² and xy (x predicted, y measured)."""
    return np.array(
        [
            len(predicted),
            predicted.sum(),
            measured.sum(),
            predicted @ predicted,
            measured @ measured,
            predicted @ measured,
        ]
    )


def variances(sums: Float[np.ndarray, "*draws 6"]) -> Float[np.ndarray, "*draws 2"]:
    """n² times the variance of predicted and of measured values; exactly 0 where constant."""
    n, totals, squares = sums[..., :1], sums[..., 1:3], sums[..., 3:5]
    with np.errstate(invalid="ignore"):
        spread = n * squares - totals**2
    return np.where(spread > _CONSTANT * n * squares, spread, 0.0)


def pearson(sums: Float[np.ndarray, "*draws 6"]) -> Float[np.ndarray, "*draws"]:
    """Pearson's r from sums of `moments`; NaN where a side is constant or not finite."""
    n, x, y, _, _, xy = np.moveaxis(sums, -1, 0)
    # The product of the roots: that of the variances could overflow.
    scale = np.sqrt(variances(sums)).prod(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (n * xy - x * y) / scale
    return np.where(scale > 0, np.clip(r, -1, 1), np.nan)


def constant_side(sums: Float[np.ndarray, " 6"]) -> Side | None:
    """The side that is constant, for which `pearson` is not defined; None where neither is."""
    predicted, measured = variances(sums) > 0
    if not np.isfinite(sums).all() or (predicted and measured):
        return None
    return "measured" if predicted else "predicted"


def why_undefined(name: str, sums: Float[np.ndarray, " 6"]) -> str:
    """Why `pearson` is not defined, of values that are called `name`."""
    side = constant_side(sums)
    return f"{side} {name} is constant" if side else f"{name} is not finite"

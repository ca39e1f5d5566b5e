"""Correlation of predicted and measured activations, and of its control.

Each window is reduced to six sums, from which the correlation over any resample of the
windows follows without looking at a token again.
"""

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined

# A variance below this share of the mean square is rounding: the values are constant.
_CONSTANT = 1e-12


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


def correlations(
    name: str,
    sums: Float[np.ndarray, "windows explanations 6"],
    counts: Int[np.ndarray, "draws windows"],
) -> dict[str, Estimate]:
    """Correlation of `name` ("attention" or "salience"), its control and the margin.

    `sums` holds the `moments` of each window under the head's own explanation (first)
    and under those of other heads; `counts` are `resample_counts` of the windows.

    - `{name}_correlation`: Pearson's r over all values of all windows; n counts windows.
    - `{name}_correlation_control`: mean r of the other heads' explanations; n counts them.
      One that predicts a constant has no r and is left out.
    - `{name}_margin`: own r minus control, resampled together; n counts windows.
    """
    windows = len(sums)
    own_r, *control_r = pearson(np.einsum("dw,wes->eds", counts, sums))
    control_r = [r for r in control_r if not np.isnan(r[0])]
    flat = _constant_side(name, sums[:, 0].sum(axis=0)) if np.isnan(own_r[0]) else None
    alone = None if control_r else "no control explanation has a correlation"
    mean_r = np.mean(control_r, axis=0) if control_r else np.full(len(counts), np.nan)

    def or_reason(r: Float[np.ndarray, " draws"], n: int, reason: str | None) -> Estimate:
        return undefined(n, reason) if reason else estimate(r, n, windows)

    return {
        f"{name}_correlation": or_reason(own_r, windows, flat),
        f"{name}_correlation_control": or_reason(mean_r, len(control_r), alone),
        f"{name}_margin": or_reason(own_r - mean_r, windows, flat or alone),
    }


def _constant_side(name: str, sums: Float[np.ndarray, " 6"]) -> str:
    if not np.isfinite(sums).all():
        return f"{name} is not finite"
    side = "measured" if variances(sums)[0] > 0 else "predicted"
    return f"{side} {name} is constant"

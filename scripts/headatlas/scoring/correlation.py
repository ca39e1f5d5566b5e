"""Correlation of predicted and measured activations, and of its controls.

Each window is reduced to six sums, from which the correlation over any resample of the
windows follows without looking at a token again.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined

# The kinds of control, by their part in the names of scores: whose explanations they are.
CONTROLS = {"": "other head", "layer_": "other head of its layer"}
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


def correlations(
    name: str,
    own: Float[np.ndarray, "windows 6"],
    controls: Mapping[str, Float[np.ndarray, "windows _ 6"]],
    counts: Int[np.ndarray, "draws windows"],
) -> dict[str, Estimate]:
    """Correlation of `name` ("attention" or "salience"), its controls and the margins.

    `own` holds the `moments` of each window under the head's own explanation, `controls`
    those under the explanations of other heads, by kind (see CONTROLS); `counts` are
    `resample_counts` of the windows.

    - `{name}_correlation`: Pearson's r over all values of all windows; n counts windows.
    - `{name}_correlation_{kind}control`: mean r of the other heads' explanations; n counts
      them. One that predicts a constant has no r and is left out.
    - `{name}_{kind}margin`: own r minus control, resampled together; n counts windows.
    """
    windows = len(own)
    own_r = pearson(np.einsum("dw,ws->ds", counts, own))
    flat = _constant_side(name, own.sum(axis=0)) if np.isnan(own_r[0]) else None

    def or_reason(r: Float[np.ndarray, " draws"], n: int, reason: str | None) -> Estimate:
        return undefined(n, reason) if reason else estimate(r, n, windows)

    found = {f"{name}_correlation": or_reason(own_r, windows, flat)}
    for kind, sums in controls.items():
        every_r = pearson(np.einsum("dw,wes->eds", counts, sums))
        control_r = every_r[~np.isnan(every_r[:, 0])]
        alone = None if len(control_r) else _no_control(kind, len(every_r))
        mean_r = control_r.mean(axis=0) if len(control_r) else own_r
        found |= {
            f"{name}_correlation_{kind}control": or_reason(mean_r, len(control_r), alone),
            f"{name}_{kind}margin": or_reason(own_r - mean_r, windows, flat or alone),
        }
    return found


def _no_control(kind: str, given: int) -> str:
    if given:
        return "no control explanation has a correlation"
    return f"no {CONTROLS[kind]} serves as a control"


def _constant_side(name: str, sums: Float[np.ndarray, " 6"]) -> str:
    if not np.isfinite(sums).all():
        return f"{name} is not finite"
    side = "measured" if variances(sums)[0] > 0 else "predicted"
    return f"{side} {name} is constant"

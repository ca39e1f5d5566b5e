"""A score beside the same score for other heads' explanations."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..intervals import Estimate, estimate, undefined
from ..measure import CONTROLS, Measure
from ..records.base import Side

Draws = Float[np.ndarray, " draws"]  # a statistic of the sample (first) and of its resamples


def beside_controls(
    measure: Measure,
    own: Draws,
    others: Mapping[str, Sequence[Draws]],
    *,
    n: int,
    units: int,
    why_not: str,
    constant: Side | None = None,
) -> dict[str, Estimate]:
    """The score of a head's own explanation, its controls and its margins, by name.

    `others` are the same score for other heads' explanations, by kind of control and drawn
    together with `own`; NaN marks what is not defined, and `why_not` says why the score is
    not, `constant` for which side if that is why. `units` were resampled.

    - the score; `n` is its number of observations.
    - its control: the mean over the other heads' explanations; n counts them. One without
      the score is left out.
    - its margin: the score less its control, resampled together.
    """
    missing = undefined(n, why_not, constant) if np.isnan(own[0]) else None
    found = {measure.name: missing or estimate(own, n, units)}
    for kind in measure.controls:
        given = others[kind]
        defined = [drawn for drawn in given if not np.isnan(drawn[0])]
        if defined:
            control = np.mean(defined, axis=0)
            beside = estimate(control, len(defined), units)
            margin = missing or estimate(own - control, n, units)
        else:
            beside = undefined(0, _no_control(kind, len(given)))
            margin = missing or beside._replace(n=n)
        found |= {measure.control_of(kind): beside, measure.margin_of(kind): margin}
    return found


def _no_control(kind: str, given: int) -> str:
    if given:
        return "no control explanation has this score"
    return f"no {CONTROLS[kind]} serves as a control"

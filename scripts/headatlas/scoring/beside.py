"""A score beside the same score for other heads' explanations."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..intervals import Estimate, estimate, undefined
from ..measure import CONTROLS, Measure

Draws = Float[np.ndarray, " draws"]  # a statistic of the sample (first) and of its resamples


def beside_controls(
    measure: Measure,
    own: Draws,
    others: Mapping[str, Sequence[Draws]],
    *,
    n: int,
    units: int,
    why_not: str,
) -> dict[str, Estimate]:
    """The score of a head's own explanation, its controls and its margins, by name.

    `others` are the same score for other heads' explanations, by kind of control and drawn
    together with `own`; NaN marks what is not defined, and `why_not` says why the score is
    not. `units` were resampled.

    - the score; `n` is its number of observations.
    - its control: the mean over the other heads' explanations; n counts them. One without
      the score is left out.
    - its margin: the score less its control, resampled together.
    """
    undefined_own = why_not if np.isnan(own[0]) else None

    def or_reason(drawn: Draws, count: int, reason: str | None) -> Estimate:
        return undefined(count, reason) if reason else estimate(drawn, count, units)

    found = {measure.name: or_reason(own, n, undefined_own)}
    for kind in measure.controls:
        given = others[kind]
        defined = [drawn for drawn in given if not np.isnan(drawn[0])]
        alone = None if defined else _no_control(kind, len(given))
        control = np.mean(defined, axis=0) if defined else own
        found |= {
            measure.control_of(kind): or_reason(control, len(defined), alone),
            measure.margin_of(kind): or_reason(own - control, n, undefined_own or alone),
        }
    return found


def _no_control(kind: str, given: int) -> str:
    if given:
        return "no control explanation has this score"
    return f"no {CONTROLS[kind]} serves as a control"

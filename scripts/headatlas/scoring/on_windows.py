"""What is predicted for random windows beside what was measured there."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from ..errors import InputError
from ..event_rows import Event
from ..intervals import Estimate, resample_counts, undefined
from ..measure import OfWindows, Trace
from ..predictions import Prediction, Predictions
from .beside import beside_controls

OWN = ("own", 0)  # whose explanation it is: that of the head itself


def score_windows(
    measures: Sequence[OfWindows],
    windows: Sequence[Event],
    predicted: Predictions,
    controls: Mapping[str, Sequence[Predictions]],
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """The scores of `measures` over those windows for which something is predicted.

    `controls` are the predictions of other heads, by kind. The matrices of a window are built
    once for all measures, and all are resampled by the same draws of windows. Raises InputError
    if a prediction is for a window of another length.
    """
    own = {p.window for p in predicted.windows}
    windows = [measured for measured in windows if measured.window in own]
    if not windows:
        reason = predicted.reason or "no predictions for the random windows of this split"
        names = [name for measure in measures for name in measure.names]
        return dict.fromkeys(names, undefined(0, reason))
    sums = _sums(measures, windows, predicted, controls)
    counts = resample_counts(rng, resamples, len(windows))

    def drawn(measure: OfWindows, *whose: str | int) -> Float[np.ndarray, " draws"]:
        nothing = np.zeros_like(sums[measure.name, *OWN])
        return measure.statistic(counts @ sums.get((measure.name, *whose), nothing))

    found: dict[str, Estimate] = {}
    for measure in measures:
        total = sums[measure.name, *OWN].sum(axis=0)
        found |= beside_controls(
            measure,
            drawn(measure, *OWN),
            {
                kind: [drawn(measure, kind, n) for n in range(len(controls.get(kind, ())))]
                for kind in measure.controls
            },
            n=measure.observations(total) if measure.observations else len(windows),
            units=len(windows),
            why_not=measure.why_not(total),
            constant=measure.constant(total) if measure.constant else None,
        )
    return found


def _sums(
    measures: Sequence[OfWindows],
    windows: Sequence[Event],
    own: Predictions,
    controls: Mapping[str, Sequence[Predictions]],
) -> dict[tuple[str | int, ...], Float[np.ndarray, "windows _"]]:
    """The sums of each window, by measure and by whose explanation it is: kind and number.

    A window for which a control has no prediction adds nothing.
    """
    everyone = {OWN: own} | {
        (kind, n): other for kind, others in controls.items() for n, other in enumerate(others)
    }
    predictions = {whose: {p.window: p for p in they.windows} for whose, they in everyone.items()}
    sums: dict[tuple[str | int, ...], np.ndarray] = {}
    for row, window in enumerate(windows):
        measured = Trace(window.tokens, window.activation, window.attention())
        for whose, of_windows in predictions.items():
            asked = [m for m in measures if whose == OWN or whose[0] in m.controls]
            if asked and (prediction := of_windows.get(window.window)):
                predicted = _trace(prediction, window)
                for measure in asked:
                    found = measure.sums(predicted, measured)
                    rows = sums.setdefault(
                        (measure.name, *whose), np.zeros((len(windows), len(found)))
                    )
                    rows[row] = found
    return sums


def _trace(prediction: Prediction, window: Event) -> Trace:
    predicted, length = len(prediction.activation), len(window.tokens)
    if not predicted == len(prediction.attention) == length:
        raise InputError(
            f"prediction for window {window.window}: {predicted} activations and attention of "
            f"{len(prediction.attention)} queries, but the window has {length} tokens"
        )
    return Trace(window.tokens, prediction.activation, prediction.attention)

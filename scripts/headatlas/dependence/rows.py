"""The figures of a head's ablation, as rows of `records.effects.EFFECTS`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..controls import Head
from ..intervals import Estimate, estimate, generator, resample_counts, undefined
from .where import Tokens, active_tokens, sides

Predicted = Mapping[int, Float[np.ndarray, " T"]]  # activation of each token, by window
_NO_PREDICTION = "the explanation predicts nothing of these windows"
_CONSTANT = "the explanation predicts the same activation everywhere"
_NO_CONTROL = "no other head's explanation serves as a control"


class Ablated(NamedTuple):
    """What is lost without a head in windows of T tokens, at all but the last of each."""

    windows: Sequence[int]
    loss: Float[np.ndarray, "window token"]
    kl: Float[np.ndarray, "window token"]
    direct: Float[np.ndarray, "window token"] | None


def rows_of(
    at: Head,
    by_kind: Mapping[str, Ablated],
    predicted: Predicted,
    controls: Sequence[Predicted],
    *,
    resamples: int,
    seed: int,
) -> Iterator[dict[str, object]]:
    """The rows of a head. Windows are resampled, the same for all heads and kinds."""
    for kind, ablated in by_kind.items():
        rng = generator(seed, "effects")
        counts = resample_counts(rng, resamples, len(ablated.windows)).astype(float)
        found = {**over_all(ablated, counts), **where(ablated, predicted, controls, counts)}
        for figure, value in found.items():
            head = {"layer": at[0], "head": at[1], "kind": kind, "figure": figure}
            yield head | value._asdict()


def estimated_row(
    at: Head, losses: Float[np.ndarray, " window"], *, resamples: int, seed: int
) -> dict[str, object]:
    """The row of a head's estimate by gradients, in the same windows and resamples."""
    units = len(losses)
    counts = resample_counts(generator(seed, "effects"), resamples, units)
    found = estimate(counts @ losses / units, units, units)
    return {"layer": at[0], "head": at[1], "kind": "mean", "figure": "estimate"} | found._asdict()


def over_all(ablated: Ablated, counts: Float[np.ndarray, "d window"]) -> dict[str, Estimate]:
    """Means over all tokens."""
    units = len(ablated.windows)

    def mean(values: Tokens) -> Estimate:
        return estimate(counts @ values.mean(1) / units, units, units)

    found = {"loss": mean(ablated.loss), "kl": mean(ablated.kl)}
    if ablated.direct is not None:
        later = ablated.loss - ablated.direct
        found |= {"direct": mean(ablated.direct), "later": mean(later)}
    return found


def where(
    ablated: Ablated,
    predicted: Predicted,
    controls: Sequence[Predicted],
    counts: Float[np.ndarray, "d window"],
) -> dict[str, Estimate]:
    """Loss where an explanation predicts activity, and elsewhere, beside other explanations.

    The first token is left out. A control is the mean over the explanations that tell tokens
    apart.
    """
    units = len(ablated.windows)
    own = _sides(ablated, predicted, counts)
    if isinstance(own, str):
        names = ("active", "elsewhere", "difference", "control", "margin")
        return dict.fromkeys(names, undefined(units, own))
    active, elsewhere = own
    found = {
        "active": estimate(active, units, units),
        "elsewhere": estimate(elsewhere, units, units),
        "difference": estimate(active - elsewhere, units, units),
    }
    others = [o for o in (_sides(ablated, c, counts) for c in controls) if not isinstance(o, str)]
    if not others:
        return found | dict.fromkeys(("control", "margin"), undefined(0, _NO_CONTROL))
    control = np.mean([there - rest for there, rest in others], axis=0)
    return found | {
        "control": estimate(control, len(others), units),
        "margin": estimate(active - elsewhere - control, units, units),
    }


def _sides(
    ablated: Ablated, predicted: Predicted, counts: Float[np.ndarray, "d window"]
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]] | str:
    """Where active and elsewhere; or why there are no such sides."""
    if not all(window in predicted for window in ablated.windows):
        return _NO_PREDICTION
    said = np.stack([predicted[window][1:-1] for window in ablated.windows])
    active = active_tokens(said)
    return _CONSTANT if active is None else sides(ablated.loss[:, 1:], active, counts)

"""What is lost by attention in the place of a head's own: which passes, and their figures."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ..controls import Head
from ..intervals import Estimate, estimate, resample_counts, undefined
from ..records.base import head_name

SHARES = (10, 25, 50, 75, 100)  # per cent of the heads, the best explained first
OF_HEADS = ("explanation", "position", "other", "off")
VARIANTS = (*OF_HEADS, "even")


class Case(NamedTuple):
    """Heads, by layer, whose attention is replaced in one pass, and by what."""

    scope: str
    which: str
    heads: tuple[tuple[int, tuple[int, ...]], ...]  # layer and heads of it
    variant: str

    @property
    def number(self) -> int:
        """How many heads these are."""
        return sum(len(heads) for _, heads in self.heads)


OWN = Case("model", "", (), "own")


def single_heads(heads: Sequence[Head]) -> Iterator[Case]:
    """A pass for each head and variant. Even attention is left out: these are most passes."""
    for at in sorted(heads):
        for variant in OF_HEADS:
            yield Case("head", head_name(*at), by_layer([at]), variant)


def many_heads(order: Sequence[Head]) -> Iterator[Case]:
    """The passes by layer and by share. `order` are the heads by descending overlap."""
    for layer in by_layer(order):
        for variant in VARIANTS:
            yield Case("layer", str(layer[0]), (layer,), variant)
    for share in SHARES:
        chosen = by_layer(order[: math.ceil(len(order) * share / 100)])
        for variant in VARIANTS:
            yield Case("share", str(share), chosen, variant)


def by_layer(heads: Sequence[Head]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Layers with their heads, both in order."""
    layers = sorted({layer for layer, _ in heads})
    return tuple((n, tuple(sorted(h for layer, h in heads if layer == n))) for n in layers)


class Losses(NamedTuple):
    """Of a case in each window, mean over its tokens, in nats."""

    loss: Float[np.ndarray, " window"]
    kl: Float[np.ndarray, " window"]


def rows(
    own: Losses, found: Mapping[Case, Losses], resamples: int, seed: int
) -> Iterator[dict[str, object]]:
    """Rows of `records.substitution.SUBSTITUTION` for each case, in the same windows.

    Windows are resampled, the same for all rows. Without windows there are no rows.
    """
    if not len(own.loss):
        return
    of = {(case.scope, case.which, case.variant): losses for case, losses in found.items()}
    counts = resample_counts(np.random.default_rng(seed), resamples, len(own.loss))
    for case, losses in found.items():
        off = of.get((case.scope, case.which, "off"))
        yield _row(case, losses, own, counts, off)


def _row(
    case: Case, losses: Losses, own: Losses, counts: np.ndarray, off: Losses | None
) -> dict[str, object]:
    windows = len(own.loss)
    more = counts @ (losses.loss - own.loss) / windows
    ratio = estimate(np.exp(more), windows, windows)
    recovered = undefined(windows, "")
    if off is not None and case.variant != "off":
        recovered = loss_recovered(more, counts @ (off.loss - own.loss) / windows, windows)
    return {
        "scope": case.scope,
        "which": case.which,
        "heads": case.number,
        "variant": case.variant,
        "loss": float(losses.loss.mean()),
        "ratio": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "kl": float(losses.kl.mean()),
        "recovered": recovered.value,
        "recovered_low": recovered.low,
        "recovered_high": recovered.high,
        "n": windows,
    }


def loss_recovered(
    more: Float[np.ndarray, " draws"], more_off: Float[np.ndarray, " draws"], windows: int
) -> Estimate:
    """1 − more/more_off, of what replaced heads and heads that are off lose.

    The sample is first, its resamples follow. Undefined where the loss with the heads off is not
    clearly larger than the model's: a share of nothing can be any number.
    """
    lost = estimate(more_off, windows, windows)
    if lost.low is None or lost.low <= 0:
        return undefined(windows, "turning the heads off does not clearly cost anything")
    recovered = np.full(len(more), np.nan)
    np.divide(more, more_off, out=recovered, where=more_off > 0)
    return estimate(1 - recovered, windows, windows)


def overlap(
    attention: Float[np.ndarray, "head window query key"],
    predicted: Float[np.ndarray, "head window query key"],
) -> tuple[Float[np.ndarray, " head"], Float[np.ndarray, " head"]]:
    """Sums of min(A, P) and of max(A, P): their quotient is the overlap (IoU) of a head."""
    axes = (1, 2, 3)
    return np.minimum(attention, predicted).sum(axes), np.maximum(attention, predicted).sum(axes)

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
    heads: Mapping[int, tuple[int, ...]]
    variant: str


def cases(order: Sequence[Head]) -> Iterator[Case]:
    """Every pass over a batch. `order` are the heads by descending overlap.

    Even attention is left out for single heads, which are most of the passes.
    """
    for at in sorted(order):
        for variant in OF_HEADS:
            yield Case("head", head_name(*at), by_layer([at]), variant)
    for layer, heads in by_layer(order).items():
        for variant in VARIANTS:
            yield Case("layer", str(layer), {layer: heads}, variant)
    for share in SHARES:
        chosen = by_layer(order[: math.ceil(len(order) * share / 100)])
        for variant in VARIANTS:
            yield Case("share", str(share), chosen, variant)


def by_layer(heads: Sequence[Head]) -> dict[int, tuple[int, ...]]:
    """Heads by layer, both in order."""
    layers = sorted({layer for layer, _ in heads})
    return {n: tuple(sorted(head for layer, head in heads if layer == n)) for n in layers}


class Losses(NamedTuple):
    """Of a case in each window, mean over its tokens, in nats."""

    loss: Float[np.ndarray, " window"]
    kl: Float[np.ndarray, " window"]


def rows(
    own: Losses, found: Mapping[tuple[str, str, str], tuple[int, Losses]], resamples: int, seed: int
) -> Iterator[dict[str, object]]:
    """Rows of `records.substitution.SUBSTITUTION`, beginning with the model itself.

    `found` has the number of heads and the losses by scope, which and variant. Windows are
    resampled, the same for all rows. Without windows there are no rows.
    """
    if not len(own.loss):
        return
    counts = resample_counts(np.random.default_rng(seed), resamples, len(own.loss))
    yield _row("model", "", 0, "own", own, own, counts, None)
    for (scope, which, variant), (heads, losses) in found.items():
        _, off = found[scope, which, "off"]
        yield _row(scope, which, heads, variant, losses, own, counts, off)


def _row(
    scope: str,
    which: str,
    heads: int,
    variant: str,
    losses: Losses,
    own: Losses,
    counts: np.ndarray,
    off: Losses | None,
) -> dict[str, object]:
    windows = len(own.loss)
    more = counts @ (losses.loss - own.loss) / windows
    ratio = estimate(np.exp(more), windows, windows)
    recovered = undefined(windows, "")
    if off is not None and variant != "off":
        recovered = loss_recovered(more, counts @ (off.loss - own.loss) / windows, windows)
    return {
        "scope": scope,
        "which": which,
        "heads": heads,
        "variant": variant,
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

"""What is lost without sets of heads: each ablated to its mean, all of a set together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from ..controls import Head
from ..progress import Progress
from .ablation import Ablation
from .attribution import mean_z
from .some_windows import fitting, some_windows


def losses_without(
    bridge: TransformerBridge,
    sets: Sequence[Sequence[Head]],
    windows: Path,
    *,
    limit: int,
    references: int,
    batch_size: int,
) -> Float[np.ndarray, "set window"]:
    """What the next token costs more without each set, in nats a token, by test window.

    A pass for each set and batch, from the first layer of the set on. Memory holds the mean of z
    of the heads' layers at each position, and one batch.
    """
    tested = some_windows(windows, "test", limit, sampled=True)
    if not (tested.windows and sets):
        return np.zeros((len(sets), len(tested.windows)))
    reference = some_windows(windows, "train", references, sampled=False)
    layers = sorted({layer for heads in sets for layer, _ in heads})
    mean = mean_z(bridge, layers, reference, batch_size)
    progress, parts = Progress(), []
    for batch in tested.batches(fitting(bridge, tested, batch_size)):
        run = Ablation(bridge, batch.tokens)
        lost = []
        for n, heads in enumerate(sets):
            progress(f"set {n} of {len(sets)} in window {batch.windows[0]} and on")
            found = run.total({(layer, head): mean[layer][head][None] for layer, head in heads})
            lost.append((found.loss - run.own.loss).mean(1).double().numpy())
        parts.append(np.stack(lost))
    return np.concatenate(parts, axis=1)

"""The explanations of a run in the place of its heads' attention, batch by batch of windows."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..controls import Head, read_controls
from ..predictions import predicted_windows, read_packed
from ..progress import Progress
from ..records.base import Split, head_name
from ..triangle import pack, unpack
from .effects import OWN, Case, Losses, by_layer, overlap
from .passes import run_hooked
from .some_windows import at_equal_steps, fitting, read_some
from .substitution import Attention, Effect, Substitution, even, off


class Inputs(NamedTuple):
    """What a run left: the windows, a folder of predictions, the controls, and its heads."""

    windows: Path
    predictions: Path
    controls: Path
    heads: Sequence[Head]

    def of_head(self, at: Head) -> Path:
        """The predictions of a head."""
        return self.predictions / f"{head_name(*at)}.parquet"


class Batch:
    """Windows, and what is predicted of all heads there.

    Of a head that nothing is predicted of, attention is taken to be even.
    """

    def __init__(self, inputs: Inputs, windows: Sequence[int], tokens: Int[torch.Tensor, "w t"]):
        self.tokens = tokens
        self._others = {at: _first_control(inputs, at) for at in inputs.heads}
        self._packed = {at: read_packed(inputs.of_head(at), at, windows) for at in inputs.heads}
        (rows,) = even(1, self.tokens.shape[1])(0, [0])
        self._even = np.repeat(pack(rows.numpy()).astype(np.float16), len(windows), axis=0)

    def attention(self, variant: str) -> Attention:
        """What a variant of `records.substitution` puts in the place of a head's attention."""
        if variant in ("off", "even"):
            return (off if variant == "off" else even)(*self.tokens.shape)

        def predicted(layer: int, heads: Sequence[int]) -> torch.Tensor:
            found = np.stack([self._of(variant, (layer, head)) for head in heads], axis=1)
            return torch.from_numpy(unpack(found))

        return predicted

    def _of(self, variant: str, at: Head) -> Float[np.ndarray, "window pair"]:
        whose = self._others[at] if variant == "other" else at
        packed = None if whose is None else self._packed[whose]
        if packed is None:
            return self._even
        return packed.position if variant == "position" else packed.attention


def _first_control(inputs: Inputs, at: Head) -> Head | None:
    """The head whose explanation says something else that is held against it first."""
    found = read_controls(inputs.controls, at)["model"]
    return found[0] if found else None


def batches(
    bridge: TransformerBridge, inputs: Inputs, split: Split, windows: int, batch_size: int
) -> Iterator[Batch]:
    """At most `windows` of those of a split that are predicted, at equal steps among them."""
    there: Sequence[int] = []
    for at in inputs.heads:  # the same for all of which anything is predicted
        there = there or predicted_windows(inputs.of_head(at), at, split)
    some = read_some(inputs.windows, at_equal_steps(there, windows))
    for batch in some.batches(fitting(bridge, some, batch_size)):
        yield Batch(inputs, batch.windows, batch.tokens)


def ordered(
    bridge: TransformerBridge, inputs: Inputs, *, windows: int, batch_size: int
) -> list[Head]:
    """The heads by descending overlap of explanation and attention, on validation windows."""
    sums = {at: np.zeros(2) for at in inputs.heads}
    for batch in batches(bridge, inputs, "validation", windows, batch_size):
        predicted = batch.attention("explanation")

        def add(
            layer: int, heads: Sequence[int], said: Attention, pattern: torch.Tensor, hook: Any
        ) -> None:
            own = pattern[:, list(heads)].float().cpu().numpy().transpose(1, 0, 2, 3)
            guess = said(layer, heads).float().numpy().transpose(1, 0, 2, 3)
            for head, *found in zip(heads, *overlap(own, guess), strict=True):
                sums[layer, head] += found

        layers = by_layer(inputs.heads)
        run_hooked(
            bridge,
            batch.tokens,
            [
                (f"blocks.{layer}.attn.hook_pattern", partial(add, layer, heads, predicted))
                for layer, heads in layers
            ],
        )
    return sorted(sums, key=lambda at: (-sums[at][0] / max(sums[at][1], 1e-9), at))


def losses_of(
    bridge: TransformerBridge,
    inputs: Inputs,
    passes: Sequence[Case],
    *,
    windows: int,
    batch_size: int,
) -> dict[Case, Losses]:
    """Losses of each case on test windows, and of the model itself (`OWN`)."""
    found: dict[Case, list[Losses]] = {case: [] for case in (OWN, *passes)}
    progress = Progress()
    for batch in batches(bridge, inputs, "test", windows, batch_size):
        run = Substitution(bridge, batch.tokens)
        found[OWN].append(_means(run.own))
        for done, case in enumerate(passes):
            progress(f"{done} of {len(passes)} passes over {len(batch.tokens)} windows")
            effect = run.effect(dict(case.heads), batch.attention(case.variant))
            found[case].append(_means(effect))
    return {case: _joined(parts) for case, parts in found.items()}


def _means(effect: Effect) -> Losses:
    return Losses(*(values.double().mean(1).numpy() for values in effect))


def _joined(parts: Sequence[Losses]) -> Losses:
    loss, kl = ([part[i] for part in parts] for i in range(2))
    return Losses(np.concatenate([[], *loss]), np.concatenate([[], *kl]))

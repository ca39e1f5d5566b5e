"""Hooks on the heads of an atlas: what ablates, scales or substitutes them in passes of the model.

They are lists for `bridge.run_with_hooks(tokens, fwd_hooks=…)` or `bridge.hooks(…)`, and add up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..activations.ablating import Stand, z_of
from ..activations.ablation import with_z
from ..activations.effects import by_layer
from ..activations.norm import by_head
from ..activations.passes import Hook
from ..activations.some_windows import Some, some_windows
from ..activations.substitution import substituting
from ..controls import Head
from ..errors import InputError
from ..explainers.symbolic.context import Context
from ..explainers.symbolic.predict import attention_of
from ..records.base import head_name
from ..tokens.pieces import pieces_of
from .atlas import Atlas

Z = Float[torch.Tensor, "#window token d_head"]
Named = str | Head  # L17H03 or (17, 3)
REFERENCES, BATCH = 32, 16  # train windows that make a mean, as by default in the workflow


class Hooks:
    """Hooks on the heads of an atlas. Each raises InputError for a head that it does not have."""

    def __init__(self, bridge: TransformerBridge, atlas: Atlas, windows: Path):
        """`windows` is the table of the run's windows. Raises InputError for another model."""
        heads = [(e.explanation.layer, e.explanation.head) for e in atlas.entries]
        layers, width = bridge.cfg.n_layers, bridge.cfg.n_heads
        if beyond := [at for at in heads if at[0] >= layers or at[1] >= width]:
            raise InputError(
                f"{head_name(*beyond[0])} of the atlas of {atlas.run}: not in this model, "
                f"which has {layers} layers of {width} heads"
            )
        self._bridge, self._atlas, self._windows = bridge, atlas, windows

    def ablate(
        self,
        heads: Iterable[Named],
        to: str | Mapping[Named, Z] = "zero",
        reference: Int[torch.Tensor, "window token"] | None = None,
    ) -> list[Hook]:
        """What stands for z of each head: nothing (zero), its mean, or what is given of it.

        The mean is that at the same position over windows: those of `reference`, or train windows
        of the run. It is for passes over whole windows, no longer than these; what is given of a
        head likewise. Zero misleads: later layers have never met it.
        """
        places = self._places(heads)
        if to == "zero":
            return self._changing(places, lambda at, z: torch.zeros_like(z))
        if to == "mean":
            instead = self._means(places, reference)
        elif isinstance(to, Mapping):
            instead = {self._atlas.place_of(name): z for name, z in to.items()}
        else:
            raise InputError(f"to: {to!r}, allowed: zero, mean, or z by head")
        if missing := [at for at in places if at not in instead]:
            raise InputError(f"{head_name(*missing[0])}: no z is given of it")
        return self._changing(places, lambda at, z: _cut(instead[at], z, at))

    def scale(self, heads: Iterable[Named], factor: float) -> list[Hook]:
        """z of each head times a factor."""
        return self._changing(self._places(heads), lambda at, z: z * factor)

    def substitute(
        self, heads: Iterable[Named], tokens: Int[torch.Tensor, "window token"]
    ) -> list[Hook]:
        """The attention that the explanations predict in the place of the heads' own.

        `tokens` are those of the pass; explanations were made on windows that begin as the
        run's do, as a rule with the token that begins a text. Raises InputError for a head whose
        explanation predicts none.
        """
        places = self._places(heads)
        programs = {at: self._atlas.head(*at).program for at in places}
        contexts = [
            Context(window, pieces_of(self._bridge.tokenizer, window)) for window in tokens.tolist()
        ]
        predicted: dict[Head, Float[np.ndarray, "window query key"]] = {}
        for at, program in programs.items():
            if program is None:
                raise InputError(f"{head_name(*at)}: its explanation has no program to execute")
            predicted[at] = np.stack(attention_of(program, contexts))

        def attention(layer: int, some: Sequence[int]) -> torch.Tensor:
            return torch.from_numpy(np.stack([predicted[layer, head] for head in some], axis=1))

        return substituting(self._bridge, dict(by_layer(places)), attention)

    def _places(self, heads: Iterable[Named]) -> list[Head]:
        names = [heads] if isinstance(heads, str) else heads
        return sorted({self._atlas.place_of(name) for name in names})

    def _changing(
        self, places: Sequence[Head], change: Callable[[Head, Any], torch.Tensor]
    ) -> list[Hook]:
        """Hooks under which z of each head becomes what `change` makes of it."""

        def of_layer(layer: int, heads: Sequence[int]) -> Hook:
            width = self._bridge.blocks[layer].attn.W_O.shape[-2]

            def hook(z: torch.Tensor, hook: Any) -> torch.Tensor:
                own = by_head(z, width)
                return with_z(z, {n: change((layer, n), own[:, n]) for n in heads}, width)

            return f"blocks.{layer}.attn.hook_z", hook

        return [of_layer(layer, heads) for layer, heads in by_layer(places)]

    def _means(
        self, places: Sequence[Head], reference: Int[torch.Tensor, "window token"] | None
    ) -> dict[Head, Z]:
        if reference is None:
            some = some_windows(self._windows, "train", REFERENCES, sampled=False)
        else:
            some = Some(list(range(len(reference))), reference)
        found: dict[Head, Z] = {}
        for layer, heads in by_layer(places):
            stand = Stand(z_of(self._bridge, layer, some, BATCH), seed=0)
            found |= {(layer, head): stand.of("mean", head, some.windows) for head in heads}
        return found


def _cut(instead: Z, z: Float[torch.Tensor, "window tokens d_head"], at: Head) -> Z:
    """What stands for z, at the positions of this pass. Raises InputError if it has more."""
    tokens = z.shape[1]
    if instead.shape[1] < tokens:
        raise InputError(
            f"{head_name(*at)}: z is given at {instead.shape[1]} positions, the pass has {tokens}"
        )
    return instead[:, :tokens]

"""Forward passes in which heads write something else than they do, and what that costs.

The *total* effect of a head is that of a pass from its layer on. The *direct* effect is what its
own change does to the output while all later components write what they did: the final stream
with the change added, through the final norm, which is worked out anew, and the unembedding. What
total and direct differ by, later components did: they remove what the head does, or restore what
is missing without it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..controls import Head
from ..subjects.writing import added_hook, factor_of
from .norm import by_head
from .passes import Hook
from .substitution import Effect, Substitution

# What heads leave in the place of their z; one for all windows, or one for each.
Replacements = Mapping[Head, Float[torch.Tensor, "#window token d_head"]]


class Ablation(Substitution):
    """One batch of windows, run once as the model is and then with other z of some heads.

    Direct effects are there of heads in `layers`.
    """

    def __init__(
        self,
        bridge: TransformerBridge,
        tokens: Int[torch.Tensor, "window token"],
        layers: Sequence[int] = (),
    ):
        self._added: dict[int, torch.Tensor] = {}
        super().__init__(bridge, tokens, [_adding(bridge, layer, self._added) for layer in layers])

    def total(self, instead: Replacements) -> Effect:
        """The effect of what heads leave in the place of their z, in one pass."""
        return self._effect_from(min(layer for layer, _ in instead), self._replacing(instead))

    def total_and_direct(
        self, at: Head, z: Float[torch.Tensor, "#window token d_head"]
    ) -> tuple[Effect, Float[torch.Tensor, "window next"]]:
        """The effect of what one head leaves in the place of its z, and the loss by it directly."""
        layer = at[0]
        added: dict[int, torch.Tensor] = {}
        hooks = [*self._replacing({at: z}), _adding(self._bridge, layer, added)]
        total = self._effect_from(layer, hooks)
        change = (added[layer] - self._added[layer]) * factor_of(self._bridge, layer)
        return total, self._direct(change)

    def _direct(
        self, change: Float[torch.Tensor, "window token d_model"]
    ) -> Float[torch.Tensor, "window next"]:
        """The loss under a change of the final stream, behind all blocks."""
        last = len(self._bridge.blocks) - 1
        own = self._after[last]
        self._after[last] = _moved(own, change)
        try:
            with self._replaying(last + 1), torch.inference_mode():
                logits = self._logits([])
                following = self._tokens[:, 1:, None].to(logits.device)
                # Not `cross_entropy`, which wants the vocabulary second, and is slow at that.
                rest = torch.stack([window.logsumexp(-1) for window in logits])
                return (rest - logits.gather(-1, following)[..., 0]).cpu()
        finally:
            self._after[last] = own

    def _replacing(self, instead: Replacements) -> list[Hook]:
        by_layer: dict[int, dict[int, torch.Tensor]] = {}
        for (layer, head), z in instead.items():
            by_layer.setdefault(layer, {})[head] = z

        def replace(heads: Mapping[int, torch.Tensor], z: torch.Tensor, hook: Any) -> torch.Tensor:
            return with_z(z, heads, self._bridge.blocks[hook.layer()].attn.W_O.shape[-2])

        return [
            (f"blocks.{layer}.attn.hook_z", partial(replace, heads))
            for layer, heads in by_layer.items()
        ]


def _adding(bridge: TransformerBridge, layer: int, into: dict[int, torch.Tensor]) -> Hook:
    """The hook that keeps what a layer's attention adds."""

    def keep(value: torch.Tensor, hook: Any) -> None:
        into[layer] = value

    return added_hook(bridge, layer), keep


def with_z(
    z: Float[torch.Tensor, "window token *width"],
    heads: Mapping[int, Float[torch.Tensor, "#window token d_head"]],
    d_head: int,
) -> Float[torch.Tensor, "window token *width"]:
    """z with that of some heads replaced."""
    new = by_head(z, d_head).clone()
    for head, value in heads.items():
        new[:, head] = value.to(new.device, new.dtype)
    return new.transpose(1, 2).reshape(z.shape)


def _moved(returned: Any, change: torch.Tensor) -> Any:
    """What a block returned, with a change of the stream, which is the first of several things."""
    if isinstance(returned, torch.Tensor):
        return returned + change.to(returned.device, returned.dtype)
    return type(returned)([_moved(returned[0], change), *returned[1:]])

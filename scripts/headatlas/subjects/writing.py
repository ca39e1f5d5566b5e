"""How the heads of a layer write into the residual stream.

What a head adds is z W_O, and where the block has it, passed through a norm and multiplied by
a factor. A norm is no linear map, so a head has no part of its output by itself; with the
norm's scale at a token held at its value in the pass, it has: scale · gain ⊙ (z W_O) · factor.
These parts and that of the bias sum to what the attention adds.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.generalized_components.mla_attention import MLAAttentionBridge

NORM = "ln1_post"  # TransformerBridge's name of a norm between attention and the stream


class Writing(NamedTuple):
    """The maps of a layer's heads, in float32.

    `gram` is M Mᵀ with M = factor · W_O · diag(gain), so that scale·√(z gram zᵀ) is the norm
    of what a head adds. `gain` is None without a norm; the scale is then 1. `heads_first` tells
    that the hook of v has the axes [window, head, token, d_head], as multi-head latent attention.
    """

    gram: Float[torch.Tensor, "head d_head d_head"]
    gain: Float[torch.Tensor, " d_model"] | None
    heads_first: bool = False

    def scale(
        self,
        before: Float[torch.Tensor, "*row d_model"],
        after: Float[torch.Tensor, "*row d_model"],
    ) -> Float[torch.Tensor, "*row"]:
        """The scale of the norm at each token, from what went in and what came out.

        after = scale · gain ⊙ before, whatever the norm's epsilon is.
        """
        assert self.gain is not None
        unscaled = (before.float() * self.gain.to(before.device)).norm(dim=-1)
        return after.float().norm(dim=-1) / unscaled.clamp_min(torch.finfo(torch.float32).tiny)


@torch.inference_mode()
def writing_of(bridge: TransformerBridge, layer: int) -> Writing:
    """The maps of one layer's heads."""
    weights, gain = _maps(bridge, layer)
    return Writing(weights @ weights.transpose(-1, -2), gain, heads_first(bridge, layer))


@torch.inference_mode()
def output_maps(
    bridge: TransformerBridge, layer: int
) -> Float[torch.Tensor, "head d_head d_model"]:
    """M of each head of a layer: what it adds is scale · z M."""
    return _maps(bridge, layer)[0]


def _maps(bridge: TransformerBridge, layer: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """M of each head, and the gain of the norm between, None without one."""
    block = bridge.blocks[layer]
    weights = block.attn.W_O.detach().float() * factor_of(bridge, layer)
    if NORM not in block.submodules:
        return weights, None
    norm = block.submodules[NORM].original_component
    like = next(iter(norm.parameters()), block.attn.W_O)
    # A vector of ones has a root mean square of 1: what comes out is the gain.
    gain = norm(torch.ones(weights.shape[-1], dtype=like.dtype, device=like.device)).float()
    return weights * gain.to(weights.device), gain


def heads_first(bridge: TransformerBridge, layer: int) -> bool:
    """Whether the hook of a layer's v has the axes [window, head, token, d_head]."""
    return isinstance(bridge.blocks[layer].attn, MLAAttentionBridge)


def added_hook(bridge: TransformerBridge, layer: int) -> str:
    """The hook that shows what a layer's attention adds to the stream, but for `factor_of`."""
    normed = NORM in bridge.blocks[layer].submodules
    return f"blocks.{layer}.{NORM if normed else 'attn'}.hook_out"


def factor_of(bridge: TransformerBridge, layer: int) -> float:
    """What multiplies the output of a layer's attention: of every branch, and of this one."""
    model: Any = bridge.original_model
    block = bridge.blocks[layer]
    config = model.config.get_text_config()
    own = getattr(config, "attention_out_multiplier", None)
    return float(getattr(block, "residual_contribution_scale", 1.0) * (1 if own is None else own))

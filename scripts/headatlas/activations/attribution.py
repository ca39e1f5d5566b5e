"""The effect of every head at once, estimated by gradients: attribution patching.

A first-order estimate of mean ablation: Σ ∂loss/∂z · (mean of z − z) over tokens and the width of a
head (Nanda 2023; Syed et al. 2024). It takes two forward passes and one backward for all heads.
What is not linear it cannot see: where attention or a norm saturates, it errs.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from .norm import by_head
from .passes import Hook, run_hooked
from .some_windows import Some

ByLayer = dict[int, torch.Tensor]


def mean_z(
    bridge: TransformerBridge, layers: Sequence[int], some: Some, batch_size: int
) -> Mapping[int, Float[torch.Tensor, "head token d_head"]]:
    """z of each layer, the mean over windows at each position, where the layer is."""
    sums: ByLayer = {}

    def add(layer: int, z: torch.Tensor, hook: Any) -> None:
        found = by_head(z, bridge.blocks[layer].attn.W_O.shape[-2]).float().sum(0)
        sums[layer] = sums[layer] + found if layer in sums else found

    hooks = [(f"blocks.{layer}.attn.hook_z", partial(add, layer)) for layer in layers]
    for batch in some.batches(batch_size):
        run_hooked(bridge, batch.tokens, hooks)
    return {layer: total / len(some.windows) for layer, total in sums.items()}


def estimates(
    bridge: TransformerBridge,
    mean: Mapping[int, Float[torch.Tensor, "head token d_head"]],
    some: Some,
    batch_size: int,
) -> Iterator[tuple[int, dict[int, Float[torch.Tensor, " head"]]]]:
    """What the mean ablation of each head would cost in each window, in nats a token, by layer.

    Memory holds the graph of one batch.
    """
    for parameter in bridge.parameters():
        parameter.requires_grad_(False)
    for batch in some.batches(batch_size):
        found = _of_batch(bridge, mean, batch)
        for row, window in enumerate(batch.windows):
            yield window, {layer: values[row] for layer, values in found.items()}


def _of_batch(
    bridge: TransformerBridge, mean: Mapping[int, torch.Tensor], batch: Some
) -> dict[int, Float[torch.Tensor, "window head"]]:
    own: ByLayer = {}
    probes: ByLayer = {}

    def probe(layer: int, z: torch.Tensor, hook: Any) -> torch.Tensor:
        own[layer] = z.detach()
        probes[layer] = torch.zeros_like(z, requires_grad=True)
        return z + probes[layer]

    hooks: list[Hook] = [(f"blocks.{layer}.attn.hook_z", partial(probe, layer)) for layer in mean]
    tokens = batch.tokens.to(bridge.cfg.device)
    with torch.enable_grad():
        logits = bridge.run_with_hooks(
            tokens, fwd_hooks=list(hooks), return_type="logits", use_cache=False
        )
        losses = torch.nn.functional.cross_entropy(
            logits[:, :-1].transpose(1, 2).float(),
            tokens[:, 1:].to(logits.device),
            reduction="none",
        )
        # Windows do not touch each other: the gradient of the sum holds that of each.
        slopes = torch.autograd.grad(losses.mean(1).sum(), list(probes.values()))
    return {
        layer: _product(slope, own[layer], mean[layer])
        for layer, slope in zip(probes, slopes, strict=True)
    }


def _product(
    slope: torch.Tensor, z: torch.Tensor, mean: Float[torch.Tensor, "head token d_head"]
) -> Float[torch.Tensor, "window head"]:
    slope, z = (by_head(x, mean.shape[-1]).float() for x in (slope, z))
    return (slope * (mean - z)).sum((2, 3)).cpu()

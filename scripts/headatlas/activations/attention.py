"""Attention rows reduced to their largest weights."""

import torch
from jaxtyping import Float, Int


def top_keys(
    pattern: Float[torch.Tensor, "*row query key"], count: int
) -> tuple[Int[torch.Tensor, "*row query count"], Float[torch.Tensor, "*row query count"]]:
    """Positions and weights of the `count` largest weights of each row, largest first.

    Rows with fewer causal keys are filled with position -1 and weight 0.
    """
    weights, keys = pattern.topk(count, dim=-1)
    query = torch.arange(pattern.shape[-2], device=pattern.device)[:, None]
    future = keys > query
    return keys.masked_fill(future, -1), weights.masked_fill(future, 0)

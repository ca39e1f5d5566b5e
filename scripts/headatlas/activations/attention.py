"""Attention rows reduced to their largest weights."""

import torch
from jaxtyping import Float, Int


def top_keys(
    pattern: Float[torch.Tensor, "*row query key"], count: int
) -> tuple[Int[torch.Tensor, "*row query kept"], Float[torch.Tensor, "*row query kept"]]:
    """Key 0 and the `count` keys of largest weight among the others, largest first.

    Key 0 is always kept, since what rests on it is reported for every head. Rows with
    fewer causal keys are filled with position -1 and weight 0.
    """
    others = pattern[..., 1:]
    weights, keys = others.topk(min(count, others.shape[-1]), dim=-1)
    weights = torch.cat([pattern[..., :1], weights], dim=-1)
    keys = torch.cat([torch.zeros_like(keys[..., :1]), keys + 1], dim=-1)
    query = torch.arange(pattern.shape[-2], device=pattern.device)[:, None]
    future = keys > query
    return keys.masked_fill(future, -1), weights.masked_fill(future, 0)

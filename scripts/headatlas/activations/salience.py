"""How much a head writes at each token."""

from typing import Literal

import torch
from jaxtyping import Float

SalienceKind = Literal["write_norm", "z_norm"]


def salience(
    z: Float[torch.Tensor, "window query head d_head"],
    gram: Float[torch.Tensor, "head d_head d_head"],
    kind: SalienceKind,
) -> Float[torch.Tensor, "window query head"]:
    """Norm of what a head writes into the residual stream, ‖z W_O‖, or ‖z‖.

    `gram` is W_O W_Oᵀ, so that nothing of width d_model is formed per head.
    """
    z = z.float()
    if kind == "z_norm":
        return z.norm(dim=-1)
    return _norm_under(z, gram)


def value_norm(
    v: Float[torch.Tensor, "window key kv_head d_head"],
    gram: Float[torch.Tensor, "head d_head d_head"],
    kind: SalienceKind,
) -> Float[torch.Tensor, "window key head"]:
    """Norm of what each head would write if it attended to one token alone.

    Times the attention weight it is the salience of a (query, key) pair. With
    grouped-query attention each value serves consecutive heads.
    """
    heads_per_value = gram.shape[0] // v.shape[2]
    return salience(v.repeat_interleave(heads_per_value, dim=2), gram, kind)


def by_head(
    x: Float[torch.Tensor, "window token ..."], gram: Float[torch.Tensor, "head d_head d_head"]
) -> Float[torch.Tensor, "window token any_head d_head"]:
    """z or v with its last axis split by head, where a layer's hook has not done so."""
    return x if x.ndim == 4 else x.unflatten(-1, (-1, gram.shape[-1]))


def _norm_under(
    x: Float[torch.Tensor, "window token head d_head"],
    gram: Float[torch.Tensor, "head d_head d_head"],
) -> Float[torch.Tensor, "window token head"]:
    projected = torch.einsum("wthd,hde->wthe", x, gram)
    return (projected * x).sum(-1).clamp_min(0).sqrt()

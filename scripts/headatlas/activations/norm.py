"""How much a head adds to the residual stream at each token."""

from typing import Literal

import torch
from jaxtyping import Float

Norm = Literal["write_norm", "z_norm"]


def activation(
    z: Float[torch.Tensor, "*row token d_head"],
    gram: Float[torch.Tensor, "*head d_head d_head"],
    kind: Norm,
    scale: Float[torch.Tensor, "*#row token"] | None = None,
) -> Float[torch.Tensor, "*row token"]:
    """Norm of what a head adds to the residual stream, scale·√(z gram zᵀ), or ‖z‖.

    `gram` is that of `subjects.writing` for the head of each row (or of the last axes of
    rows), so that nothing of width d_model is formed per head; `scale` is that of a norm
    between the head and the stream. With v for z it is what the head would add if it
    attended to one token alone, with the scale at that token; times the attention weight,
    that is the activation of a (query, key) pair.
    """
    z = z.float()
    if kind == "z_norm":
        return z.norm(dim=-1)
    norms = (z @ gram).mul_(z).sum(-1).clamp_min_(0).sqrt_()
    return norms if scale is None else norms.mul_(scale)


def by_head(
    x: Float[torch.Tensor, "window token ..."], d_head: int
) -> Float[torch.Tensor, "window any_head token d_head"]:
    """z or v head by head, whether or not a layer's hook has split its last axis."""
    split = x if x.ndim == 4 else x.unflatten(-1, (-1, d_head))
    return split.transpose(1, 2)

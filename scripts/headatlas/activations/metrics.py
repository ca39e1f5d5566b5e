"""Head metrics of one batch of attention patterns; all queries of a window count alike.

Row 0 has nothing to choose from and is left out everywhere. Definitions follow the
field's usual ones (Elhage et al. 2021; Olsson et al. 2022); induction and
duplicate-token scores are on natural text, averaged over the queries that have such
a key at all.
"""

import torch
from jaxtyping import Bool, Float, Int

Pattern = Float[torch.Tensor, "window head query key"]
PerHead = Float[torch.Tensor, "window head"]
TokenMask = Bool[torch.Tensor, "window query key"]


def earlier_same_token(tokens: Int[torch.Tensor, "window token"]) -> TokenMask:
    """Keys k < q with t_k = t_q."""
    same = tokens[:, :, None] == tokens[:, None, :]
    return same.tril(diagonal=-1)


def after_earlier_same_token(tokens: Int[torch.Tensor, "window token"]) -> TokenMask:
    """Keys k ≤ q with t_(k-1) = t_q: what followed the query's token before."""
    shifted = torch.zeros_like(earlier_same_token(tokens))
    shifted[:, :, 1:] = earlier_same_token(tokens)[:, :, :-1]
    return shifted


def mass_on(pattern: Pattern, keys: TokenMask) -> PerHead:
    """Mean attention on `keys` over the queries that have any; NaN if no query has."""
    mass = (pattern * keys[:, None].to(pattern.dtype)).sum((-1, -2))
    return mass / keys.any(-1).sum(-1, keepdim=True)


def head_metrics(
    pattern: Pattern,
    tokens: Int[torch.Tensor, "window token"],
    delimiters: Bool[torch.Tensor, "window token"],
) -> dict[str, PerHead]:
    """The metrics of `records.activations.HEAD_METRICS`, per window and head.

    Attention shares are in 0..1, entropy in nats, distance in tokens. `delimiter` is
    the mass on delimiter keys minus the share of such keys among those available.
    """
    pattern = pattern.float()
    size = pattern.shape[-1]
    position = torch.arange(size, device=pattern.device, dtype=pattern.dtype)
    distance = (position[:, None] - position).clamp_min(0)
    rows = pattern[:, :, 1:]
    mean = (rows * distance[1:]).sum(-1)
    square = (rows * distance[1:] ** 2).sum(-1)
    entropy = rows.clamp_min(torch.finfo(rows.dtype).tiny).log_().mul_(rows).sum(-1).neg_()
    delimiter = delimiters.to(pattern.dtype)
    available = (delimiter.cumsum(-1) / (position + 1))[:, 1:].mean(-1, keepdim=True)
    return {
        "previous_token": pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1),
        "current_token": pattern.diagonal(dim1=-2, dim2=-1)[..., 1:].mean(-1),
        "duplicate_token": mass_on(pattern, earlier_same_token(tokens)),
        "induction": mass_on(pattern, after_earlier_same_token(tokens)),
        "sink": rows[..., 0].mean(-1),
        "entropy": entropy.mean(-1),
        "distance_mean": mean.mean(-1),
        "distance_variance": (square - mean**2).clamp_min(0).mean(-1),
        "delimiter": (rows.mean(2) * delimiter[:, None]).sum(-1) - available,
    }

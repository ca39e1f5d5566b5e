"""Scores of heads on a repeated sequence of random tokens: what they do apart from meaning."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from .passes import run_hooked

PerHead = Float[torch.Tensor, " head"]


def repeated_tokens(
    rows: int, length: int, *, vocabulary: int, bos: int | None, seed: int
) -> Int[torch.Tensor, "row token"]:
    """Rows of `length` random tokens said twice, after BOS where there is one.

    Tokens are drawn uniformly from the whole vocabulary but BOS.
    """
    generator = torch.Generator().manual_seed(seed)
    segment = torch.randint(vocabulary - 1, (rows, length), generator=generator)
    if bos is not None:
        segment += segment >= bos
    first = torch.full((rows, 0 if bos is None else 1), bos or 0)
    return torch.cat([first, segment, segment], dim=1)


def repeat_scores(
    pattern: Float[torch.Tensor, "row head query key"], length: int
) -> dict[str, PerHead]:
    """Mean attention of each head, over the queries of the second saying.

    `prefix_matching`: to the token after the query's first occurrence (Olsson et al.
    2022); `duplicate_token`: to that occurrence; `previous_token`: to the token
    before; `sink`: to position 0.
    """
    size = pattern.shape[-1]
    query = torch.arange(size - length, size)
    keys = {
        "prefix_matching": query - length + 1,
        "duplicate_token": query - length,
        "previous_token": query - 1,
        "sink": torch.zeros_like(query),
    }
    return {name: pattern[:, :, query, key].float().mean((0, 2)) for name, key in keys.items()}


def measure_repeats(
    bridge: TransformerBridge,
    layers: Sequence[int],
    *,
    rows: int = 32,
    length: int = 64,
    bos: bool = True,
    seed: int = 0,
    batch_size: int = 32,
) -> dict[int, dict[str, PerHead]]:
    """`repeat_scores` of each layer, on CPU; the length is less where the context is short."""
    config = bridge.cfg
    length = min(length, (config.n_ctx - 1) // 2)
    first = getattr(bridge.tokenizer, "bos_token_id", None) if bos else None
    tokens = repeated_tokens(rows, length, vocabulary=config.d_vocab, bos=first, seed=seed)
    scores: dict[int, dict[str, PerHead]] = {layer: {} for layer in layers}

    def add(layer: int, pattern: torch.Tensor, hook: Any) -> None:
        total = scores[layer]
        for name, score in repeat_scores(pattern.cpu(), length).items():
            total[name] = total.get(name, 0) + score * (len(pattern) / rows)

    hooks = [(f"blocks.{n}.attn.hook_pattern", partial(add, n)) for n in layers]
    for batch in tokens.split(batch_size):
        run_hooked(bridge, batch, hooks)
    return scores

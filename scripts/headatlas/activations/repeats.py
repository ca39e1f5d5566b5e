"""Scores of heads on a repeated sequence of random tokens: what they do apart from meaning."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..intervals import generator
from .passes import run_hooked

Scores = dict[str, Float[torch.Tensor, "_ head"]]  # mean attention of each row, by test
# Several distances between the two sayings: a head that looks back by a fixed number of tokens
# scores at one of them alone.
LENGTHS = (32, 48, 64)


def repeated_tokens(
    rows: int, length: int, *, vocabulary: int, bos: int | None, seed: int
) -> Int[torch.Tensor, "row token"]:
    """Rows of `length` random tokens said twice, after BOS where there is one.

    Tokens are drawn uniformly from the whole vocabulary but BOS, anew for each row and length.
    """
    rng = generator(seed, "repeated tokens", length)
    segment = torch.from_numpy(rng.integers(vocabulary - (bos is not None), size=(rows, length)))
    if bos is not None:
        segment += segment >= bos
    first = torch.full((rows, 0 if bos is None else 1), bos or 0)
    return torch.cat([first, segment, segment], dim=1)


def repeat_scores(pattern: Float[torch.Tensor, "row head query key"], length: int) -> Scores:
    """Mean attention of each head in each row, over the queries of the second saying.

    `prefix_matching`: to the token after the query's first occurrence (Olsson et al.
    2022); `duplicate_token`: to that occurrence; `previous_token`: to the token
    before; `current_token`: to the query itself; `sink`: to position 0.
    """
    size = pattern.shape[-1]
    query = torch.arange(size - length, size, device=pattern.device)
    keys = {
        "prefix_matching": query - length + 1,
        "duplicate_token": query - length,
        "previous_token": query - 1,
        "current_token": query,
        "sink": torch.zeros_like(query),
    }
    return {name: pattern[:, :, query, key].float().mean(2).cpu() for name, key in keys.items()}


def measure_repeats(
    bridge: TransformerBridge,
    layers: Sequence[int],
    *,
    rows: int = 16,
    lengths: Sequence[int] = LENGTHS,
    bos: bool = True,
    seed: int = 0,
    batch_size: int = 32,
) -> dict[int, dict[int, Scores]]:
    """`repeat_scores` by layer and length, on CPU; lengths are cut to what the context holds."""
    config = bridge.cfg
    longest = (config.n_ctx - 1) // 2
    first = getattr(bridge.tokenizer, "bos_token_id", None) if bos else None
    parts: dict[int, dict[int, list[Scores]]] = {layer: {} for layer in layers}

    def add(layer: int, length: int, pattern: torch.Tensor, hook: Any) -> None:
        parts[layer].setdefault(length, []).append(repeat_scores(pattern, length))

    for length in sorted({min(length, longest) for length in lengths}):
        tokens = repeated_tokens(rows, length, vocabulary=config.d_vocab, bos=first, seed=seed)
        hooks = [(f"blocks.{n}.attn.hook_pattern", partial(add, n, length)) for n in layers]
        for batch in tokens.split(batch_size):
            run_hooked(bridge, batch, hooks)
    return {
        layer: {length: joined(scores) for length, scores in found.items()}
        for layer, found in parts.items()
    }


def joined(parts: Sequence[Scores]) -> Scores:
    """Scores of the same heads in other rows, as one."""
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

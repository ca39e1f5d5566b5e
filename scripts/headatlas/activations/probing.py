"""Running a head's test texts through the model and measuring its activation in them."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from ..subjects.writing import Writing, writing_of
from .norm import Norm, activation, by_head
from .passes import layer_hooks, run_hooked, scale_of


class Probe(NamedTuple):
    """One test text of one head, as tokens."""

    head: int
    tokens: list[int]


def measure_probes(
    bridge: TransformerBridge,
    layer: int,
    probes: Sequence[Probe],
    *,
    kind: Norm,
    batch_size: int,
) -> list[list[float]]:
    """Activation of each probe's head at each of its tokens, in the order of `probes`.

    Texts are padded on the right: attention is causal, so no real token sees the
    padding, and its activation is cut off again.
    """
    writing = writing_of(bridge, layer)
    measured = []
    for start in range(0, len(probes), batch_size):
        batch = probes[start : start + batch_size]
        rows = _activation(bridge, layer, _padded([p.tokens for p in batch]), writing, kind)
        for index, probe in enumerate(batch):
            measured.append(rows[index, probe.head, : len(probe.tokens)].tolist())
    return measured


def _padded(texts: Sequence[Sequence[int]]) -> torch.Tensor:
    tokens = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return tokens


def _activation(
    bridge: TransformerBridge,
    layer: int,
    tokens: torch.Tensor,
    writing: Writing,
    kind: Norm,
) -> Float[torch.Tensor, "text head token"]:
    given: dict[str, torch.Tensor] = {}

    def keep(name: str, value: torch.Tensor, hook: Any) -> None:
        given[name] = value

    names = layer_hooks(layer, writing, "z")
    run_hooked(bridge, tokens, [(point, partial(keep, name)) for name, point in names.items()])
    z, gram = given["z"], writing.gram.to(given["z"].device)
    scale = scale_of(writing, given.get("before"), given.get("after"), z.device)
    per_text = None if scale is None else scale[:, None]
    return activation(by_head(z, gram.shape[-1]), gram, kind, per_text).cpu()

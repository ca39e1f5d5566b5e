"""Running the test texts of heads through the model and measuring their activation in them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from ..subjects.writing import Writing, writing_of
from .norm import Norm, activation, by_head
from .passes import Hook, layer_hooks, run_hooked, scale_of

Rows = Float[torch.Tensor, "text head token"]


class Probe(NamedTuple):
    """One test text of one head, as tokens."""

    layer: int
    head: int
    tokens: tuple[int, ...]


def measure_probes(
    bridge: TransformerBridge, probes: Sequence[Probe], *, kind: Norm, batch_size: int
) -> list[list[float]]:
    """Activation of each probe's head at each of its tokens, in the order of `probes`.

    A text of several heads runs once, and no further than the deepest of their layers. Texts are
    padded on the right: attention is causal, so no real token sees the padding, and its
    activation is cut off again.
    """
    asked: dict[tuple[int, ...], list[int]] = {}
    for number, probe in enumerate(probes):
        asked.setdefault(probe.tokens, []).append(number)
    layers = {text: {probes[n].layer for n in numbers} for text, numbers in asked.items()}
    # Texts that go as far, and are as long, together: nothing runs in vain.
    texts = sorted(asked, key=lambda text: (max(layers[text]), len(text)))
    writings = {n: writing_of(bridge, n) for n in sorted({p.layer for p in probes})}
    measured: dict[int, list[float]] = {}
    for start in range(0, len(texts), batch_size):
        batch = texts[start : start + batch_size]
        wanted = set().union(*(layers[text] for text in batch))
        rows = _activations(bridge, batch, {n: writings[n] for n in sorted(wanted)}, kind)
        for index, text in enumerate(batch):
            for number in asked[text]:
                layer, head, _ = probes[number]
                measured[number] = rows[layer][index, head, : len(text)].tolist()
    return [measured[number] for number in range(len(probes))]


def _padded(texts: Sequence[Sequence[int]]) -> torch.Tensor:
    tokens = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return tokens


def _activations(
    bridge: TransformerBridge,
    texts: Sequence[Sequence[int]],
    writings: dict[int, Writing],
    kind: Norm,
) -> dict[int, Rows]:
    """Activation of the heads of each of these layers, on CPU."""
    rows: dict[int, Rows] = {}
    hooks = []
    for layer, writing in writings.items():
        hooks += _hooks(layer, writing, kind, partial(rows.__setitem__, layer))
    run_hooked(bridge, _padded(texts), hooks)
    return rows


def _hooks(layer: int, writing: Writing, kind: Norm, done: Callable[[Rows], None]) -> list[Hook]:
    """The hooks of a layer; whichever fires last calls `done`."""
    names = layer_hooks(layer, writing, "z")
    given: dict[str, torch.Tensor] = {}

    def keep(name: str, value: torch.Tensor, hook: Any) -> None:
        given[name] = value
        if len(given) == len(names):
            done(_activation(writing, kind, **given))
            given.clear()

    return [(point, partial(keep, name)) for name, point in names.items()]


def _activation(
    writing: Writing,
    kind: Norm,
    z: torch.Tensor,
    before: torch.Tensor | None = None,
    after: torch.Tensor | None = None,
) -> Rows:
    gram = writing.gram.to(z.device)
    scale = scale_of(writing, before, after, z.device)
    per_text = None if scale is None else scale[:, None]
    return activation(by_head(z, gram.shape[-1]), gram, kind, per_text).cpu()

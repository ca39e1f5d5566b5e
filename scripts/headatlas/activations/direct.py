"""What heads add to the logits at some queries: their direct contribution.

With the scale of the final norm held at its value in the pass, the logits are a sum over what
writes into the residual stream, and a head's part is scale · (z M) · logit_map. It is taken
without its mean over the vocabulary, which changes no probability. What later layers make of it
is not in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from transformer_lens.model_bridge import TransformerBridge

from ..event_rows import Event
from ..records.direct import OBJECTS
from ..subjects.circuits import final_scale, logit_map
from ..subjects.writing import output_maps, writing_of
from .norm import by_head
from .passes import layer_hooks, run_hooked, scale_of

SHOWN = 5  # tokens raised and lowered most that are kept of a query
NONE = -1  # no such token
NEAR = 0.99  # of the largest activation: as active as at that query
ACTIVE = 0.5  # of the largest activation of a window: active too
MOST_ACTIVE = 4  # queries of a window
_ROWS = 128  # queries whose logits are in memory at once


class Query(NamedTuple):
    """A query at which a head is looked at; `objects` are the tokens it may be about."""

    layer: int
    head: int
    split: str
    kind: str
    window: int
    query: int
    key: int
    share: float
    objects: tuple[int, ...]


def queries_of(
    layer: int, head: int, events: Sequence[Event], rng: np.random.Generator
) -> list[Query]:
    """Of each window the queries at which the head is most active, and a random one.

    Those are the most active ones for tokens that it attends to, a token once: what holds for the
    one that it meets most need not hold for others. Of several that are as active as the most
    active one is drawn: the first would always be at the beginning. A window in which an
    activation is no number has none.
    """
    found = []
    for event in events:
        if not np.isfinite(event.activation).all():
            continue
        attention = event.attention()
        keys = 1 + attention[:, 1:].argmax(axis=1)
        chosen = [("active", at) for at in _most_active(event, keys, rng)]
        for kind, at in (*chosen, ("random", int(rng.integers(1, len(event.tokens))))):
            key = int(keys[at])
            after = int(event.tokens[key + 1]) if key < at else NONE
            tokens = (int(event.tokens[key]), after, int(event.tokens[at]))
            found.append(
                Query(layer, head, event.split, kind, event.window, at, key,
                      float(attention[at, key]), tokens)
            )  # fmt: skip
    return found


def _most_active(
    event: Event, keys: Int[np.ndarray, " query"], rng: np.random.Generator
) -> list[int]:
    activation = event.activation[1:]
    first = 1 + int(rng.choice(np.flatnonzero(activation >= NEAR * activation.max())))
    active = 1 + np.flatnonzero(activation >= ACTIVE * activation.max())
    by_token: dict[int, int] = {}
    for at in (first, *sorted(active.tolist(), key=lambda at: -event.activation[at])):
        by_token.setdefault(int(event.tokens[keys[at]]), at)
    return list(by_token.values())[:MOST_ACTIVE]


def direct_rows(
    bridge: TransformerBridge,
    windows: Mapping[int, Sequence[int]],
    queries: Sequence[Query],
    *,
    vocabulary: int,
    batch_size: int,
) -> Iterator[dict[str, Any]]:
    """Rows of `records.direct.DIRECT`, batch by batch of windows of one length.

    `windows` are the tokens of each window by its number. Raises Unreadable if the logits of
    the model are no linear map of the stream.
    """
    layers = sorted({query.layer for query in queries})
    maps = {layer: output_maps(bridge, layer) for layer in layers}
    to_logits = logit_map(bridge)[:, :vocabulary]
    to_logits = to_logits - to_logits.mean(1, keepdim=True)
    rivals = _tokens_by_group(queries)
    for batch in _batches(windows, batch_size):
        tokens = torch.tensor([list(windows[n]) for n in batch])
        written, stream = _run(bridge, layers, tokens)
        place = {window: n for n, window in enumerate(batch)}
        scale = final_scale(bridge, stream.flatten(0, 1)).view(stream.shape[:2])
        for layer in layers:
            own = [q for q in queries if q.layer == layer and q.window in place]
            for some in (own[n : n + _ROWS] for n in range(0, len(own), _ROWS)):
                at = [[place[q.window], q.query, q.head] for q in some]
                window, token, head = torch.tensor(at, device=scale.device).T
                z = written[layer][window, token, head] * scale[window, token, None]
                added = torch.einsum("rh,rhd->rd", z, maps[layer][head].to(z.device))
                for query, logits in zip(some, (added @ to_logits).cpu(), strict=True):
                    yield _row(query, logits, rivals[_group(query)])


def _run(
    bridge: TransformerBridge, layers: Sequence[int], tokens: Int[torch.Tensor, "window token"]
) -> tuple[dict[int, torch.Tensor], Float[torch.Tensor, "window token d_model"]]:
    """z of each layer's heads, as scaled by a norm that follows, and what comes to the end."""
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str, value: torch.Tensor, hook: Any) -> None:
        seen[name] = value.float()

    end = "ln_final.hook_in" if "ln_final.hook_in" in bridge.hook_dict else "unembed.hook_in"
    writing = {layer: writing_of(bridge, layer) for layer in layers}
    names = {layer: layer_hooks(layer, writing[layer], "z") for layer in layers}
    every = [end, *(name for own in names.values() for name in own.values())]
    run_hooked(bridge, tokens, [(name, partial(keep, name)) for name in every])
    found = {}
    for layer, own in names.items():
        width = bridge.blocks[layer].attn.W_O.shape[-2]
        z = by_head(seen[own["z"]], width).transpose(1, 2)
        before, after = (seen.get(own.get(kind, "")) for kind in ("before", "after"))
        scale = scale_of(writing[layer], before, after, z.device)
        found[layer] = z if scale is None else z * scale[:, :, None, None]
    return found, seen[end]


def _batches(windows: Mapping[int, Sequence[int]], size: int) -> Iterator[list[int]]:
    by_length: dict[int, list[int]] = {}
    for number, tokens in windows.items():
        by_length.setdefault(len(tokens), []).append(number)
    for numbers in by_length.values():
        yield from (numbers[n : n + size] for n in range(0, len(numbers), size))


_Group = tuple[int, int, str, str]


def _group(query: Query) -> _Group:
    return query.layer, query.head, query.split, query.kind


def _tokens_by_group(
    queries: Sequence[Query],
) -> dict[_Group, list[Int[np.ndarray, " _"]]]:
    """The tokens of each object over the queries of a head, split and kind, each as often."""
    found: dict[_Group, list[tuple[int, ...]]] = {}
    for query in queries:
        found.setdefault(_group(query), []).append(query.objects)
    return {
        group: [
            np.array([t for t in tokens if t != NONE], int) for tokens in zip(*rows, strict=True)
        ]
        for group, rows in found.items()
    }


def _row(
    query: Query, logits: Float[torch.Tensor, " token"], rivals: Sequence[Int[np.ndarray, " _"]]
) -> dict[str, Any]:
    row: dict[str, Any] = {**query._asdict(), "spread": float(logits.std(correction=0))}
    del row["objects"]
    for name, token, others in zip(OBJECTS, query.objects, rivals, strict=True):
        there = token != NONE
        different = others[others != token]
        effect = float(logits[token]) if there else None
        matched = float(logits[different].mean()) if there and len(different) else None
        above = float((logits < logits[token]).float().mean()) if there else None
        row[f"{name}_token"] = token if there else None
        row |= {f"{name}_effect": effect, f"{name}_matched": matched, f"{name}_above": above}
    for name, largest in (("raised", True), ("lowered", False)):
        row[name] = logits.topk(min(SHOWN, len(logits)), largest=largest).indices.tolist()
    return row

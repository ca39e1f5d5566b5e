"""The hooks of one layer: they reduce z, v and the pattern to what is stored, and let go."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ..errors import InputError
from ..records.activations import HEAD_METRICS
from ..subjects.writing import Writing
from ..triangle import pack
from .attention import top_keys
from .metrics import head_metrics
from .norm import Norm, activation, by_head
from .passes import layer_hooks, scale_of, stored
from .selection import RunningTop


class Batch(NamedTuple):
    """Windows that go through the model together."""

    windows: Int[np.ndarray, " window"]
    splits: list[str]
    sampled: Bool[np.ndarray, " window"]
    tokens: Int[torch.Tensor, "window token"]
    delimiters: Bool[torch.Tensor, "window token"]


class Attention(NamedTuple):
    """Kept attention of some (window, head) pairs, in the order of their rows."""

    keys: Int[np.ndarray, "pair query count"]
    weights: Float[np.ndarray, "pair query count"]
    value_norm: Float[np.ndarray, "pair token"]


class Reduced(NamedTuple):
    """What one layer leaves of a batch. `kept` says for which pairs there is attention.

    Of the sampled windows the `rows` are whole, packed as in `triangle`.
    """

    activation: Float[np.ndarray, "window head token"]
    kept: Bool[np.ndarray, "window head"]
    attention: Attention
    rows: Float[np.ndarray, "sampled head pair"]
    metrics: dict[str, Float[np.ndarray, "sampled head"]]


class LayerReducer:
    """Holds what one layer's hooks have given only until the last of them has fired.

    In which order they fire is the architecture's: where the wrapped module attends by itself,
    the pattern comes after z.
    """

    def __init__(self, writing: Writing, *, kind: Norm, top_windows: int, keys_kept: int):
        self._writing, self._kind, self._keys_kept = writing, kind, keys_kept
        self._heads = len(writing.gram)
        self._top = RunningTop(self._heads, top_windows)
        self._given: dict[str, torch.Tensor] = {}
        self._causal = False

    def hooks(
        self, layer: int, batch: Batch, done: Callable[[Reduced], None]
    ) -> list[tuple[str, Callable[..., Any]]]:
        """The hooks of a forward pass over `batch`; whichever fires last calls `done`."""
        names = layer_hooks(layer, self._writing, "v", "pattern", "z")
        self._given = {}

        def keep(name: str, value: torch.Tensor, hook: Any) -> None:
            self._given[name] = value
            if len(self._given) == len(names):
                done(self._reduce(layer, batch, **self._given))
                self._given = {}

        return [(point, partial(keep, name)) for name, point in names.items()]

    def _reduce(
        self,
        layer: int,
        batch: Batch,
        v: torch.Tensor,
        pattern: torch.Tensor,
        z: torch.Tensor,
        before: torch.Tensor | None = None,
        after: torch.Tensor | None = None,
    ) -> Reduced:
        gram = self._writing.gram.to(z.device)
        scale = scale_of(self._writing, before, after, z.device)
        z = by_head(z, gram.shape[-1])
        v = v if self._writing.heads_first else by_head(v, gram.shape[-1])
        self._check_causal(pattern)
        per_window = None if scale is None else scale[:, None]
        size = activation(z, gram, self._kind, per_window)
        half = stored(size, "the activation", layer, torch.arange(len(gram), device=z.device)[None])
        written = half.cpu().numpy()
        kept = self._choose(written[:, :, 1:].max(-1), batch)
        window, head = (torch.from_numpy(i).to(z.device) for i in np.nonzero(kept))
        keys, weights = top_keys(pattern[window, head], self._keys_kept)
        group = len(gram) // v.shape[1]  # consecutive heads that share a value
        per_pair = None if scale is None else scale[window]
        norms = activation(v[window, head // group], gram[head], self._kind, per_pair)
        return Reduced(
            activation=written,
            kept=kept,
            attention=Attention(
                keys.to(torch.int16).cpu().numpy(),
                weights.cpu().numpy(),
                stored(norms, "the norm of a value", layer, head).cpu().numpy(),
            ),
            rows=pack(pattern[torch.from_numpy(batch.sampled)].half().cpu().numpy()),
            metrics=self._metrics(pattern, batch),
        )

    def _check_causal(self, pattern: torch.Tensor) -> None:
        """Raise InputError if a head attends to later tokens, of which half would be lost.

        Looked at once: what a head may see is a matter of its architecture.
        """
        if not self._causal and pattern.triu(1).any():
            raise InputError(
                "the model attends to later tokens; allowed: models that attend to earlier ones "
                "and the token itself"
            )
        self._causal = True

    def _choose(
        self, peaks: Float[np.ndarray, "window head"], batch: Batch
    ) -> Bool[np.ndarray, "window head"]:
        entered = [
            self._top.admit(split, row) for split, row in zip(batch.splits, peaks, strict=True)
        ]
        return np.stack(entered) | batch.sampled[:, None]

    def _metrics(
        self, pattern: torch.Tensor, batch: Batch
    ) -> dict[str, Float[np.ndarray, "sampled head"]]:
        sampled, device = torch.from_numpy(batch.sampled), pattern.device
        if not batch.sampled.any():
            return {metric: np.empty((0, self._heads), np.float32) for metric in HEAD_METRICS}
        measured = head_metrics(
            pattern[sampled.to(device)],
            batch.tokens[sampled].to(device),
            batch.delimiters[sampled].to(device),
        )
        values = torch.stack([measured[metric] for metric in HEAD_METRICS]).cpu().numpy()
        return dict(zip(HEAD_METRICS, values, strict=True))

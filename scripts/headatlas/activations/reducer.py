"""The hooks of one layer: they reduce z, v and the pattern to what is stored, and let go."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from ..records.activations import HEAD_METRICS
from .attention import top_keys
from .metrics import head_metrics
from .salience import SalienceKind, by_head, salience
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
    """What one layer leaves of a batch. `kept` says for which pairs there is attention."""

    salience: Float[np.ndarray, "window head token"]
    kept: Bool[np.ndarray, "window head"]
    attention: Attention
    metrics: dict[str, Float[np.ndarray, "sampled head"]]


class LayerReducer:
    """Holds one layer's v and pattern only between its own hooks of one forward pass."""

    def __init__(
        self,
        gram: Float[torch.Tensor, "head d_head d_head"],
        *,
        kind: SalienceKind,
        top_windows: int,
        keys_kept: int,
    ):
        self._gram, self._kind, self._keys_kept = gram, kind, keys_kept
        self._top = RunningTop(len(gram), top_windows)
        self._v: torch.Tensor | None = None
        self._pattern: torch.Tensor | None = None

    def hooks(
        self, layer: int, batch: Batch, done: Callable[[Reduced], None]
    ) -> list[tuple[str, Callable[..., Any]]]:
        """The hooks of a forward pass over `batch`; the last one calls `done`."""

        def keep_v(v: torch.Tensor, hook: Any) -> None:
            self._v = v

        def keep_pattern(pattern: torch.Tensor, hook: Any) -> None:
            self._pattern = pattern

        def reduce(z: torch.Tensor, hook: Any) -> None:
            done(self._reduce(z, batch))
            self._v = self._pattern = None

        name = f"blocks.{layer}.attn"
        return [
            (f"{name}.hook_v", keep_v),
            (f"{name}.hook_pattern", keep_pattern),
            (f"{name}.hook_z", reduce),
        ]

    def _reduce(self, z: torch.Tensor, batch: Batch) -> Reduced:
        assert self._v is not None and self._pattern is not None, "z came before v and pattern"
        gram = self._gram.to(z.device)
        z, v = by_head(z, gram.shape[-1]), by_head(self._v, gram.shape[-1])
        written = salience(z, gram, self._kind).half().cpu().numpy()
        kept = self._choose(written[:, :, 1:].max(-1), batch)
        window, head = (torch.from_numpy(i).to(z.device) for i in np.nonzero(kept))
        keys, weights = top_keys(self._pattern[window, head], self._keys_kept)
        group = len(gram) // v.shape[1]  # consecutive heads that share a value
        norms = salience(v[window, head // group], gram[head], self._kind)
        return Reduced(
            salience=written,
            kept=kept,
            attention=Attention(
                keys.to(torch.int16).cpu().numpy(),
                weights.cpu().numpy(),
                norms.half().cpu().numpy(),
            ),
            metrics=self._metrics(batch, z.device),
        )

    def _choose(
        self, peaks: Float[np.ndarray, "window head"], batch: Batch
    ) -> Bool[np.ndarray, "window head"]:
        entered = [
            self._top.admit(split, row) for split, row in zip(batch.splits, peaks, strict=True)
        ]
        return np.stack(entered) | batch.sampled[:, None]

    def _metrics(
        self, batch: Batch, device: torch.device
    ) -> dict[str, Float[np.ndarray, "sampled head"]]:
        assert self._pattern is not None
        sampled = torch.from_numpy(batch.sampled)
        if not batch.sampled.any():
            return {metric: np.empty((0, len(self._gram)), np.float32) for metric in HEAD_METRICS}
        measured = head_metrics(
            self._pattern[sampled.to(device)],
            batch.tokens[sampled].to(device),
            batch.delimiters[sampled].to(device),
        )
        values = torch.stack([measured[metric] for metric in HEAD_METRICS]).cpu().numpy()
        return dict(zip(HEAD_METRICS, values, strict=True))

"""Some windows of a corpus, and how many of them a pass may have."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Int
from transformer_lens.model_bridge import TransformerBridge

from ..records.base import Split
from ..records.windows import WINDOWS
from ..storage import read_chunks

_OUTPUT = 2**26  # logits of a batch; there are a few copies of them in single precision


class Some(NamedTuple):
    """Some windows, in the order of their numbers."""

    windows: list[int]
    tokens: Int[torch.Tensor, "window token"]

    def batches(self, size: int) -> Iterator["Some"]:
        """At most `size` of them at a time."""
        for first in range(0, len(self.windows), size):
            part = slice(first, first + size)
            yield Some(self.windows[part], self.tokens[part])


def some_windows(path: Path, split: Split, limit: int, *, sampled: bool) -> Some:
    """At most `limit` windows of a split, or of the sampled of them, at equal steps among them."""
    numbers: list[int] = []
    for chunk in read_chunks(path, WINDOWS, ["window", "split", "sampled"], 1024):
        for row in chunk.to_pylist():
            if row["split"] == split and (row["sampled"] or not sampled):
                numbers.append(row["window"])
    return read_some(path, at_equal_steps(numbers, limit))


def at_equal_steps(numbers: Sequence[int], limit: int) -> list[int]:
    """At most `limit` of them, at equal steps."""
    steps = np.linspace(0, len(numbers), min(limit, len(numbers)), endpoint=False)
    return [numbers[int(step)] for step in steps]


def read_some(path: Path, chosen: list[int]) -> Some:
    """The windows of these numbers, in this order."""
    found: dict[int, list[int]] = {}
    for chunk in read_chunks(path, WINDOWS, ["window", "tokens"], 1024):
        wanted = chunk.filter(pa.array(np.isin(chunk.column("window").to_numpy(), chosen)))
        found |= {row["window"]: row["tokens"] for row in wanted.to_pylist()}
    return Some(chosen, torch.tensor([found[window] for window in chosen], dtype=torch.long))


def fitting(bridge: TransformerBridge, some: Some, batch_size: int) -> int:
    """How many windows a pass may have, at most `batch_size`, so that their logits fit."""
    length = some.tokens.shape[-1] if some.windows else 1
    return max(1, min(batch_size, _OUTPUT // (length * bridge.cfg.d_vocab)))

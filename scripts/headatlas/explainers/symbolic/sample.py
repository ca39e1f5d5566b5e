"""What every source catches and every trigger selects in a set of windows, as matrices."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .evaluate import holds, keys_of
from .language import Expression
from .windows import Measured


@dataclass(frozen=True)
class Sample:
    """Queries of all windows, position 0 left out. Chance is even attention off position 0."""

    count: Float[np.ndarray, "query source"]  # keys that the source names
    named: Float[np.ndarray, "query source"]  # a number that tells which; 0 for none
    mass: Float[np.ndarray, "query source"]  # attention on them that is stored
    holds: Float[np.ndarray, "query trigger"]  # 1 where the trigger holds, else 0
    position: Float[np.ndarray, " query"]
    rest: Float[np.ndarray, " query"]  # attention on position 0
    energy: Float[np.ndarray, " query"]  # sum of squared attention, position 0 left out
    stored: Float[np.ndarray, " query"]  # keys whose attention is stored, position 0 left out
    missing: Float[np.ndarray, " query"]  # attention on the others
    activation: Float[np.ndarray, " query"]

    @functools.cached_property
    def sums(self) -> Float[np.ndarray, "5 source query"]:
        """Per source and query, 0 where there is no key: 1/n, a/n, a, attention off the
        first token, and the part of it that falls on the n keys by chance."""
        applies = self.count > 0
        per_key = np.divide(1, self.count, out=np.zeros_like(self.count), where=applies)
        off_first = applies * (1 - self.rest)[:, None]
        by_chance = self.count / self.position[:, None] * off_first
        parts = (per_key, self.mass * per_key, self.mass, off_first, by_chance)
        return np.stack([part.T for part in parts])


def measure(
    windows: Sequence[Measured], sources: Sequence[Expression], triggers: Sequence[Expression]
) -> Sample:
    """Apply all sources and triggers to all windows."""
    parts = [_measure_window(window, sources, triggers) for window in windows]
    return Sample(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _measure_window(
    window: Measured, sources: Sequence[Expression], triggers: Sequence[Expression]
) -> tuple[Float[np.ndarray, "..."], ...]:
    context, attention = window.context, window.attention
    count = np.empty((context.length, len(sources)), np.float32)
    mass, named = np.empty_like(count), np.empty_like(count)
    # Sums of numbers drawn for each key are equal for equal sets, and practically only for them.
    drawn = np.random.default_rng(0).uniform(1, 2, context.length).astype(np.float32)
    rest = attention[:, 0]
    for i, source in enumerate(sources):
        keys = keys_of(source, context)
        count[:, i] = np.count_nonzero(keys, axis=1)
        named[:, i] = keys @ drawn
        caught = np.einsum("qk,qk->q", attention, keys)
        # A source that names all keys has what is not stored too.
        mass[:, i] = np.where(count[:, i] == context.positions, 1 - rest, caught)
    triggered = np.stack([holds(t, context) for t in triggers], axis=1)
    energy = (attention[:, 1:] ** 2).sum(axis=1)
    stored = np.count_nonzero(attention[:, 1:], axis=1)
    missing = 1 - attention.sum(axis=1)
    columns = (
        count,
        named,
        mass,
        triggered,
        context.positions,
        rest,
        energy,
        stored,
        missing,
        window.activation,
    )
    return tuple(column[1:].astype(np.float32) for column in columns)

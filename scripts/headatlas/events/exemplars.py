"""Top, quantile and random exemplars of one head from the windows whose attention was kept."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

_CONTEXT = 8  # tokens before and at the query that make two exemplars the same


class Candidate(NamedTuple):
    """A window as one head saw it."""

    window: int
    sampled: bool
    tokens: Int[np.ndarray, " token"]
    activation: Float[np.ndarray, " token"]

    @property
    def query(self) -> int:
        """Position of largest activation, position 0 left out."""
        return int(self.activation[1:].argmax()) + 1

    @property
    def peak(self) -> float:
        return float(self.activation[self.query])

    @property
    def context(self) -> tuple[int, ...]:
        return tuple(self.tokens[max(self.query - _CONTEXT + 1, 0) : self.query + 1].tolist())


class Chosen(NamedTuple):
    kind: str
    rank: int
    candidate: Candidate


def choose(
    candidates: Sequence[Candidate],
    *,
    top: int,
    top_windows: int,
    quantiles: int,
    per_quantile: int,
    rng: np.random.Generator,
) -> list[Chosen]:
    """Exemplars of one head and split.

    `top`: of the `top_windows` windows of largest peak, those first in order of peak,
    one per context (the eight tokens up to the peak). Candidates beyond them depend on
    how the corpus was sharded and are not looked at. `quantile`: the sampled windows in
    order of peak are cut into `quantiles` equal buckets, `per_quantile` drawn from each,
    lowest bucket first. `random`: every sampled window, the same for all heads.
    """
    sampled = sorted((c for c in candidates if c.sampled), key=lambda c: c.window)
    ranked = sorted(candidates, key=lambda c: (-c.peak, c.window))
    picks = {
        "top": _first(_distinct(ranked[:top_windows]), top),
        "quantile": _spread(sampled, quantiles, per_quantile, rng),
        "random": sampled,
    }
    return [Chosen(kind, rank, c) for kind, kept in picks.items() for rank, c in enumerate(kept)]


def _distinct(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    seen = set()
    for candidate in candidates:
        if candidate.context not in seen:
            seen.add(candidate.context)
            yield candidate


def _first(candidates: Iterator[Candidate], count: int) -> list[Candidate]:
    return [candidate for candidate, _ in zip(candidates, range(count), strict=False)]


def _spread(
    sampled: Sequence[Candidate], quantiles: int, per_quantile: int, rng: np.random.Generator
) -> list[Candidate]:
    rising = sorted(sampled, key=lambda c: (c.peak, c.window))
    picks = []
    for bucket in np.array_split(np.arange(len(rising)), quantiles):
        drawn = rng.permutation(bucket)
        bucket_picks = _first(_distinct(rising[i] for i in drawn), per_quantile)
        picks += sorted(bucket_picks, key=lambda c: (c.peak, c.window))
    return picks

"""What rules account for on validation text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from .sample import Sample
from .search import Found, owners


@dataclass(frozen=True)
class Facts:
    """Means over the queries of a sample that some rules decide, and over all queries."""

    coverage: float  # share of all attention mass on the rules' keys, at their queries
    base_rate: float  # the same under even attention over the query's keys
    frequency: float  # share of queries
    share: float  # of the attention at their queries
    chance: float  # share under even attention
    rest: float  # attention on the first token at their queries
    unseen: float = 0.0  # attention at their queries that is not stored and may be on their keys


def facts_of(chosen: Sequence[int], rules: Sequence[Found], sample: Sample) -> Facts:
    """The facts of the rules numbered `chosen`, taken together."""
    owner = owners(rules, sample.count, sample.holds)
    caught = np.zeros(len(owner))
    chance = np.zeros(len(owner))
    unseen = np.zeros(len(owner))
    for i in chosen:
        own = owner == i
        keys = sample.count[own, rules[i].source]
        caught[own] = sample.mass[own, rules[i].source]
        chance[own] = keys / (sample.position[own] + 1)
        more = (keys > sample.stored[own]) & (keys < sample.position[own])
        unseen[own] = more * sample.missing[own]
    return _facts(caught, chance, unseen, np.isin(owner, list(chosen)), sample)


def resting_facts(sample: Sample) -> Facts:
    """The facts of attention to the first token at every query."""
    everywhere = np.ones(len(sample.rest), bool)
    nothing = np.zeros(len(sample.rest))
    return _facts(sample.rest, 1 / (sample.position + 1), nothing, everywhere, sample)


def explained_share(rules: Sequence[Found], sample: Sample) -> float:
    """Share of the attention off the first token that the rules account for."""
    off_first = float((1 - sample.rest).mean())
    return facts_of(range(len(rules)), rules, sample).coverage / off_first if off_first else 0.0


def _facts(
    caught: Float[np.ndarray, " query"],
    chance: Float[np.ndarray, " query"],
    unseen: Float[np.ndarray, " query"],
    chosen: Bool[np.ndarray, " query"],
    sample: Sample,
) -> Facts:
    def mean(values: np.ndarray) -> float:
        return float(values[chosen].mean()) if chosen.any() else 0.0

    return Facts(
        coverage=float(caught.mean()),
        base_rate=float(chance.mean()),
        frequency=float(chosen.mean()),
        share=mean(caught),
        chance=mean(chance),
        rest=mean(sample.rest),
        unseen=mean(unseen),
    )

"""The search for a decision list of rules: proposed on train, chosen on validation.

At a query that a rule decides, the rule predicts mass m spread evenly on its n keys.
If a is the attention that these keys get, this lowers the squared error of the query's
row by (m/n)(2a - m); over many queries it is 2m·sum(a/n) - m²·sum(1/n), largest at
m = sum(a/n) / sum(1/n). Both sums, for every source with every trigger, are one
matrix product each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from .language import Expression
from .sample import Sample
from .ties import MOST_APART, differing, gained

PROPOSED = 48  # pairs that train proposes to validation at each step
NEAR_TIE = 0.02  # a simpler pair wins if it gains at most this share less
LEAST_GAIN = 0.02  # of the squared attention of validation
LEAST_ODDS = 3.0  # times the odds by chance
MOST_CHANCE = 0.8  # share by chance above which a rule says nothing of the head
LEAST_MASS = 0.001  # of all attention: below, a head that only rests has no rule


@dataclass(frozen=True)
class Found:
    """A rule by the numbers of its source and trigger, with the mass fitted on train."""

    source: int
    trigger: int
    mass: float

    @property
    def pair(self) -> tuple[int, int]:
        return self.source, self.trigger


Option = tuple[float, Found, bool]  # gain on validation, rule, whether before all others


def owners(
    rules: Sequence[Found],
    count: Float[np.ndarray, "query source"],
    holds: Float[np.ndarray, "query trigger"],
) -> Int[np.ndarray, " query"]:
    """Number of the rule that decides each query: the first that applies, -1 for none."""
    owner = np.full(len(count), -1)
    for i in reversed(range(len(rules))):
        applies = (count[:, rules[i].source] > 0) & (holds[:, rules[i].trigger] > 0)
        owner[applies] = i
    return owner


def search(
    train: Sample,
    validation: Sample,
    sources: Sequence[Expression],
    triggers: Sequence[Expression],
    max_rules: int,
    least_share: float,
) -> list[Found]:
    """The decision list, empty if no rule holds on validation.

    Each step adds the pair of source and trigger that gains most, before or after
    the rules found so far; of pairs that gain nearly as much, the simplest, unless another
    names nearly the same keys and fits better at the queries that tell the two apart.
    Each rule of the list accounts for at least `least_share` of the attention of validation
    that is not on the first token, and for `LEAST_MASS` of all of it.
    """
    complexity = np.add.outer([s.complexity for s in sources], [t.complexity for t in triggers])
    rules: list[Found] = []
    for _ in range(max_rules):
        options = [
            option
            for first in ((False, True) if rules else (False,))
            for option in _options(train, validation, rules, least_share, first)
        ]
        if not options:
            break
        best = max(gain for gain, _, _ in options)
        tied = [option for option in options if option[0] >= (1 - NEAR_TIE) * best]
        tied.sort(key=lambda o: (complexity[o[1].source, o[1].trigger], -o[0]))
        _, added, first = _told_apart((train, validation), rules, tied)
        rules = _refitted(train, [added, *rules] if first else [*rules, added])
    return _lasting(validation, rules, least_share)


def _options(
    train: Sample,
    validation: Sample,
    rules: list[Found],
    least_share: float,
    first: bool,
) -> list[Option]:
    """The best pairs of train that validation accepts."""
    selected = train.holds * _free(train, rules, first)[:, None]
    per_key, caught_per_key = train.sums[:2] @ selected
    mass = np.divide(caught_per_key, per_key, out=np.zeros_like(per_key), where=per_key > 0)
    lost = ((train.count > 0) * _current_gain(train, rules)[:, None]).T @ selected
    gain = mass * caught_per_key - lost
    best = np.argsort(-gain, axis=None, kind="stable")[:PROPOSED]
    best = best[gain.ravel()[best] > 0]
    source, trigger = np.unravel_index(best, gain.shape)

    mass = mass[source, trigger]
    selected = validation.holds[:, trigger] * _free(validation, rules, first)[:, None]
    sums = np.einsum("ksq,qs->ks", validation.sums[:, source], selected)
    applies = selected * (validation.count[:, source] > 0)
    gain = mass * (2 * sums[1] - mass * sums[0]) - _current_gain(validation, rules) @ applies
    accepted = _accepted(validation, sums, gain, least_share)
    return [
        (float(gain[i]), Found(int(source[i]), int(trigger[i]), float(mass[i])), first)
        for i in np.flatnonzero(accepted)
    ]


def _told_apart(samples: Sequence[Sample], rules: list[Found], tied: list[Option]) -> Option:
    """The first option, or one of another source that names nearly the same keys and fits
    better where it does not: of these, the one that fits best by most."""
    _, simplest, first = tied[0]
    free = [_free(sample, rules, first) for sample in samples]
    before = [_current_gain(sample, rules) for sample in samples]
    chosen, most = tied[0], 0.0
    for option in tied[1:]:
        _, rival, as_first = option
        if rival.source == simplest.source or as_first != first:
            continue
        apart, named, better = 0, 0, 0.0
        for sample, may, now in zip(samples, free, before, strict=True):
            where, either = differing(sample, rival.pair, simplest.pair, may)
            apart, named = apart + int(where.sum()), named + either
            better += gained(sample, rival.pair, rival.mass, where, now)
            better -= gained(sample, simplest.pair, simplest.mass, where, now)
        if apart <= MOST_APART * named and better > most:
            chosen, most = option, better
    return chosen


def _free(sample: Sample, rules: list[Found], first: bool) -> Bool[np.ndarray, " query"]:
    """The queries that a new rule may decide: all if put first, else those left over."""
    return (owners(rules, sample.count, sample.holds) < 0) | first


def _accepted(
    sample: Sample,
    sums: Float[np.ndarray, "5 pair"],
    gain: Float[np.ndarray, " pair"],
    least_share: float,
) -> Bool[np.ndarray, " pair"]:
    """Whether a rule gains enough, covers enough, and beats even attention."""
    _, _, caught, available, chance = sums
    return (
        (gain >= LEAST_GAIN * sample.energy.sum())
        & (caught >= _least_mass(sample, least_share))
        & (caught * (available - chance) > LEAST_ODDS * chance * (available - caught))
        & (chance < MOST_CHANCE * available)
    )


def _least_mass(sample: Sample, least_share: float) -> float:
    """Attention that a rule must account for, over all queries."""
    return max(least_share * float((1 - sample.rest).sum()), LEAST_MASS * len(sample.rest))


def _current_gain(sample: Sample, rules: list[Found]) -> Float[np.ndarray, " query"]:
    """Reduction of squared error that the rules bring at each query."""
    owner = owners(rules, sample.count, sample.holds)
    gain = np.zeros(len(owner), np.float32)
    for i, rule in enumerate(rules):
        own = owner == i
        n, a = sample.count[own, rule.source], sample.mass[own, rule.source]
        gain[own] = rule.mass / n * (2 * a - rule.mass)
    return gain


def _refitted(train: Sample, rules: list[Found]) -> list[Found]:
    """The rules with the masses that fit the queries they now decide; idle ones dropped."""
    owner = owners(rules, train.count, train.holds)
    fitted = []
    for i, rule in enumerate(rules):
        own = owner == i
        if own.any():
            share = 1 / train.count[own, rule.source]
            mass = float((train.mass[own, rule.source] * share).sum() / share.sum())
            fitted.append(Found(rule.source, rule.trigger, mass))
    return fitted


def _lasting(sample: Sample, rules: list[Found], least_share: float) -> list[Found]:
    """The rules that still cover enough after others were put before them."""
    owner = owners(rules, sample.count, sample.holds)
    least = _least_mass(sample, least_share)
    return [
        rule for i, rule in enumerate(rules) if sample.mass[owner == i, rule.source].sum() >= least
    ]

"""Forward selection of a head's behaviours: proposed on train, accepted on validation."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from ...intervals import resample_counts
from ..symbolic.language import ANY, EVERYTHING, FIRST_TOKEN
from .features import Feature, FeatureTable, Term, term_of
from .gains import LARGEST_SET, Candidate, Frequent, Proposer
from .measures import divergences, even
from .model import (
    N_TERMS,
    Behaviour,
    Fit,
    Logit,
    covariance,
    fit_position,
    level_counts,
    level_gain,
    level_weights,
    masses,
    position_terms,
    refit,
    scores,
    split_weights,
)

PROPOSED = 10  # pairs compared on validation at each step, beside lists, curves and profiles
LEAST_OF_ALL = 0.002  # of KL(A‖even): below, the position model says it all
AS_GOOD = 0.9  # of the best gain: then the simpler is told
PROFILE = 0.75  # of its gain counts where a weight for each of many kinds takes the place of one
RISK = 0.0025  # strict, since the best of several is tested on what chose it
RESAMPLES = 2000
NORMAL = 1.96  # standard errors on either side of a weight: 95 %
TRIES = 4  # of the best: fitted with all others, one may gain less than alone
_Cells = Float[np.ndarray, " cell"]
_Weights = Float[np.ndarray, " weight"]
_Train = Float[np.ndarray, " train_cell"]
_HeldOut = Float[np.ndarray, " held_out_cell"]


@dataclass(frozen=True)
class Texts:
    """What is the same for every head: the features of both splits, the tokens of lists."""

    train: FeatureTable
    validation: FeatureTable
    frequent: Frequent


@dataclass(frozen=True)
class Selection:
    """The explanation of a head and how it was found.

    `gains`: what each behaviour added on validation when it was chosen, as a share of what
    the position model leaves, KL(A‖position). `gradient` and `converged` are those of the
    last fit. `taken`: what was chosen of the features offered, with what it added likewise.
    """

    logit: Logit
    position: Logit
    gains: tuple[float, ...]
    gradient: float
    converged: bool
    taken: tuple[tuple[Feature, float], ...] = ()


@dataclass
class _Chosen:
    """The features chosen so far, with their terms in both splits."""

    train: list[Term]
    validation: list[Term]
    features: list[Feature] = field(default_factory=list)

    def plus(self, feature: Feature, weights: _Weights, texts: Texts) -> "tuple[_Chosen, _Weights]":
        """With one more feature, and weights to start from. A list joins one of its place."""
        n, at = len(self.features), len(self.features)
        for i, other in enumerate(self.features):
            joined = other.joined(feature)
            if joined and joined.n_levels <= LARGEST_SET:
                at, feature = i, joined
        train, validation = term_of(feature, texts.train), term_of(feature, texts.validation)
        features, trained, held_out = (
            self.features.copy(),
            self.train.copy(),
            self.validation.copy(),
        )
        features[at : at + 1], place = [feature], at + N_TERMS
        trained[place : place + 1], held_out[place : place + 1] = [train], [validation]
        end = level_counts(self.train)[min(at, n - 1) + N_TERMS + 1]
        added = sum(t.n_levels for t in trained) - len(weights)
        start = np.insert(weights, end, np.zeros(added))
        return _Chosen(trained, held_out, features), start


def select(
    train: _Train,
    validation: _HeldOut,
    texts: Texts,
    *,
    max_behaviours: int = 6,
    ridge: float = 1.0,
    least_share: float = 0.01,
    offered: Sequence[Feature] = (),
) -> Selection:
    """The conditional logit of a head from its attention, rows that sum to 1, on two splits.

    The features `offered` are proposed at each step beside those that the search looks for.
    A behaviour is kept if its gain in log-likelihood on validation is at least `least_share`
    of KL(A‖position) there and `LEAST_OF_ALL` of KL(A‖even), and clearly above zero over
    windows. Raises ArithmeticError if the position model cannot be fitted.
    """
    grid, train_grid = texts.validation.grid, texts.train.grid
    chosen = _Chosen(position_terms(train_grid), position_terms(grid))
    fit = fit_position(train, train_grid, chosen.train, ridge=ridge)
    position, gains = _logit(fit, chosen, train, texts), list[float]()
    taken = list[tuple[Feature, float]]()
    predicted, likelihood = _held_out(fit, chosen, validation, texts)
    left = float(divergences(validation, predicted, grid).sum())
    of_even = float(divergences(validation, even(grid), grid).sum())
    proposer = Proposer(train, texts.train, texts.frequent)
    while len(gains) < max_behaviours and left > 0:
        proposed = proposer.propose(fit.predicted, PROPOSED)
        proposed += [Candidate(f, 0.0) for f in (*_refined(chosen.features), *offered)]
        proposed = [c for c in proposed if c.feature not in chosen.features]
        ranked = _ranked(proposed, (train, fit.predicted), (validation, predicted), texts, ridge)
        for feature in _different(ranked)[:TRIES]:
            more, start = chosen.plus(feature, fit.weights, texts)
            new_fit = refit(start, train, train_grid, more.train, ridge=ridge)
            new_predicted, new_likelihood = _held_out(new_fit, more, validation, texts)
            gain = np.bincount(grid.window, new_likelihood - likelihood)
            share = float(gain.sum()) / left
            enough = share >= least_share and gain.sum() >= LEAST_OF_ALL * of_even
            if new_fit.converged and enough and above_zero(gain):
                break
        else:
            break
        if len(more.features) > len(chosen.features):
            gains.append(share)
        else:  # a list has become longer
            gains[more.features.index(_changed(more, chosen))] += share
        taken += [(feature, share)] * (feature in offered)
        chosen, fit, predicted, likelihood = more, new_fit, new_predicted, new_likelihood
    logit = _logit(fit, chosen, train, texts)
    return Selection(logit, position, tuple(gains), fit.gradient, fit.converged, tuple(taken))


def _changed(more: _Chosen, chosen: _Chosen) -> Feature:
    return next(f for f in more.features if f not in chosen.features)


def _refined(chosen: Sequence[Feature]) -> list[Feature]:
    """What was chosen, with a weight that varies with distance or with the query."""
    return [
        Feature(f.source, f.trigger, by)
        for f in chosen
        if f.source != EVERYTHING
        for by in (("distance", "query_kind") if f.source != FIRST_TOKEN else ("query_kind",))
    ]


def above_zero(gain: Float[np.ndarray, " window"]) -> bool:
    """Whether the sum over windows is above zero in all but `RISK` of the resamples."""
    if len(gain) < 2:
        return False
    return bool(np.quantile(_resamples(len(gain)) @ gain, RISK) > 0)


@functools.cache
def _resamples(windows: int) -> Int[np.ndarray, "draw window"]:
    return resample_counts(np.random.default_rng(0), RESAMPLES, windows)[1:]


def _ranked(
    proposed: Sequence[Candidate],
    train: tuple[_Train, _Train],
    validation: tuple[_HeldOut, _HeldOut],
    texts: Texts,
    ridge: float,
) -> list[Feature]:
    """The proposed features that, with weights from train, surely gain on validation.

    `train` and `validation` are attention and prediction. The best comes first; before it,
    those nearly as good that are simpler. Profiles count for less than they gain: words can
    hardly tell them.
    """
    gains = []
    for candidate in proposed:
        term = [term_of(candidate.feature, texts.train)]
        a, m = (masses(cells, texts.train.grid, term) for cells in train)
        weights = level_weights(a, m, ridge)
        term = [term_of(candidate.feature, texts.validation)]
        a, m = (masses(cells, texts.validation.grid, term) for cells in validation)
        gain = np.bincount(texts.validation.grid.window, level_gain(weights, a, m))
        worth = PROFILE if candidate.feature.is_profile else 1.0
        gains.append(worth * float(gain.sum()) if above_zero(gain) else 0.0)
    most = max(gains, default=0.0)
    order = sorted(
        (i for i, gain in enumerate(gains) if gain > 0),
        key=lambda i: (
            (0, proposed[i].feature.complexity, -gains[i])
            if gains[i] >= AS_GOOD * most
            else (1, 0, -gains[i])
        ),
    )
    return [proposed[i].feature for i in order]


def _different(ranked: Sequence[Feature]) -> list[Feature]:
    """The first feature of each trigger, or of each source at every query: no near twins."""
    first: dict[object, Feature] = {}
    for f in ranked:
        first.setdefault((f.source, f.by) if f.trigger == ANY else f.trigger, f)
    return list(first.values())


def _held_out(
    fit: Fit, chosen: _Chosen, attention: _Cells, texts: Texts
) -> tuple[_Cells, Float[np.ndarray, " row"]]:
    """The prediction on validation, and Σ A log P of each row in nats."""
    grid = texts.validation.grid
    found = scores(fit.weights, grid, chosen.validation)
    predicted, normaliser = grid.softmax(found)
    return predicted, grid.row_sums(attention * found) - normaliser


def _logit(fit: Fit, chosen: _Chosen, train: _Train, texts: Texts) -> Logit:
    """The model with the intervals of its behaviours' weights."""
    grid, terms = texts.train.grid, chosen.train
    behaviours = []
    if chosen.features:
        spread = covariance(fit, train, grid, terms)
        for feature, term, start in zip(
            chosen.features, terms[N_TERMS:], level_counts(terms)[N_TERMS:-1], strict=True
        ):
            these = slice(start, start + term.n_levels)
            weights = fit.weights[these]
            shares = np.bincount(term.level, train[term.cells], term.n_levels)
            shares = (
                shares / shares.sum() if shares.sum() else np.full(len(shares), 1 / len(shares))
            )
            mean = float(shares @ weights)
            error = NORMAL * float(shares @ spread[these, these] @ shares) ** 0.5
            several = tuple(weights.tolist()) if feature.by else ()
            behaviours.append(
                Behaviour(
                    feature.source, feature.trigger, mean, feature.by, several,
                    mean - error, mean + error,
                )
            )  # fmt: skip
    return split_weights(fit.weights, tuple(behaviours))

"""Forward selection of a head's behaviours: proposed on train, accepted on validation."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from ...intervals import resampled
from .features import FeatureTable
from .gains import Candidate, Frequent, Proposer, best_weights, row_gain
from .grid import N_BINS
from .measures import divergences, even
from .model import Behaviour, Fit, Logit, behaviour_cells, refit, scores

PROPOSED = 16  # candidates compared on validation at each step
AS_GOOD = 0.97  # of the best gain: then the simpler is told
RESAMPLES = 400
_Cells = Float[np.ndarray, " cell"]
_Train = Float[np.ndarray, " train_cell"]
_HeldOut = Float[np.ndarray, " held_out_cell"]


@dataclass(frozen=True)
class Texts:
    """What is the same for every head: the features of both splits, the tokens of sets."""

    train: FeatureTable
    validation: FeatureTable
    frequent: Frequent


@dataclass(frozen=True)
class Selection:
    """The explanation of a head and how it was found.

    `gains`: what each behaviour added on validation when it was chosen, as a share of
    KL(A‖even). `gradient` and `converged` are those of the last fit.
    """

    logit: Logit
    position: Logit
    gains: tuple[float, ...]
    gradient: float
    converged: bool


@dataclass
class _Chosen:
    """The features chosen so far, with their cells in both splits."""

    features: list[Candidate] = field(default_factory=list)
    train: list[np.ndarray] = field(default_factory=list)
    validation: list[np.ndarray] = field(default_factory=list)

    def plus(self, feature: Candidate, texts: Texts) -> "_Chosen":
        train = behaviour_cells(feature.source, feature.trigger, texts.train)
        validation = behaviour_cells(feature.source, feature.trigger, texts.validation)
        return _Chosen(
            [*self.features, feature], [*self.train, train], [*self.validation, validation]
        )


def select(
    train: _Train,
    validation: _HeldOut,
    texts: Texts,
    *,
    max_behaviours: int = 6,
    ridge: float = 1.0,
    least_share: float = 0.01,
    seed: int = 0,
) -> Selection:
    """The conditional logit of a head from its attention, rows that sum to 1, on two splits.

    A behaviour is kept if its gain in log-likelihood on validation is above zero (the 95 %
    bootstrap interval over windows) and at least `least_share` of KL(A‖even) there. Raises
    ArithmeticError if the position model cannot be fitted.
    """
    grid = texts.validation.windows.grid
    left = float(divergences(validation, even(grid), grid).sum())
    fit = refit(np.zeros(0), train, texts.train.windows.grid, [], ridge=ridge)
    if not fit.converged:
        raise ArithmeticError(f"the position model did not converge: gradient {fit.gradient:g}")
    position, chosen, gains = _logit(fit, []), _Chosen(), list[float]()
    predicted, likelihood = _held_out(fit, chosen, validation, texts)
    proposer = Proposer(train, texts.train, texts.frequent)
    while len(gains) < max_behaviours and left > 0:
        proposed = proposer.propose(fit.predicted, PROPOSED)
        best = _best(proposed, (train, fit.predicted), (validation, predicted), texts, ridge)
        if best is None:
            break
        more = chosen.plus(best, texts)
        new_fit = refit(fit.weights, train, texts.train.windows.grid, more.train, ridge=ridge)
        new_predicted, new_likelihood = _held_out(new_fit, more, validation, texts)
        gain = _by_window(new_likelihood - likelihood, texts.validation)
        share = float(gain.sum()) / left
        if not new_fit.converged or share < least_share or not _above_zero(gain, seed):
            break
        gains.append(share)
        chosen, fit, predicted, likelihood = more, new_fit, new_predicted, new_likelihood
    return Selection(
        _logit(fit, chosen.features), position, tuple(gains), fit.gradient, fit.converged
    )


def _best(
    proposed: Sequence[Candidate],
    train: tuple[_Train, _Train],
    validation: tuple[_HeldOut, _HeldOut],
    texts: Texts,
    ridge: float,
) -> Candidate | None:
    """Of the proposed features the one that, with its weight from train, gains most on validation.

    `train` and `validation` are attention and prediction. Of those nearly as good as the
    best it is the simplest. None if no feature gains.
    """
    if not proposed:
        return None
    weights = best_weights(*_masses(proposed, train, texts.train), ridge)
    a, m = _masses(proposed, validation, texts.validation)
    gains = row_gain(weights[:, None], a, m).sum(axis=1)
    if gains.max() <= 0:
        return None
    good = np.flatnonzero(gains >= AS_GOOD * gains.max()).tolist()
    return proposed[min(good, key=lambda i: (proposed[i].complexity, -gains[i]))]


def _masses(
    proposed: Sequence[Candidate], both: tuple[_Cells, _Cells], table: FeatureTable
) -> tuple[Float[np.ndarray, "feature row"], Float[np.ndarray, "feature row"]]:
    """The mass of each feature in each row, under attention and under the prediction."""
    grid = table.windows.grid
    a, m = np.zeros((2, len(proposed), grid.n_rows))
    for i, feature in enumerate(proposed):
        cells = behaviour_cells(feature.source, feature.trigger, table)
        a[i] = np.bincount(grid.row[cells], both[0][cells], grid.n_rows)
        m[i] = np.bincount(grid.row[cells], both[1][cells], grid.n_rows)
    return a, np.minimum(m, 1.0)


def _held_out(
    fit: Fit, chosen: _Chosen, attention: _Cells, texts: Texts
) -> tuple[_Cells, Float[np.ndarray, " row"]]:
    """The prediction on validation, and Σ A log P of each row in nats."""
    grid = texts.validation.windows.grid
    found = scores(fit.weights, grid, chosen.validation)
    predicted, normaliser = grid.softmax(found)
    return predicted, grid.row_sums(attention * found) - normaliser


def _by_window(
    rows: Float[np.ndarray, " row"], table: FeatureTable
) -> Float[np.ndarray, " window"]:
    return np.bincount(table.windows.grid.window, rows)


def _above_zero(gain: Float[np.ndarray, " window"], seed: int) -> bool:
    """Whether the interval of the mean gain of a window is above zero."""
    low = resampled(gain[:, None], lambda drawn: drawn[..., 0].mean(axis=1), RESAMPLES, seed).low
    return low is not None and low > 0


def _logit(fit: Fit, chosen: Sequence[Candidate]) -> Logit:
    kernel, first, rest = fit.weights[:N_BINS], fit.weights[N_BINS], fit.weights[N_BINS + 1 :]
    behaviours = [
        Behaviour(c.source, c.trigger, float(w)) for c, w in zip(chosen, rest, strict=True)
    ]
    return Logit(tuple(kernel.tolist()), float(first), tuple(behaviours))

"""The conditional logit of a head (McFadden 1974) and its fit by Newton's method."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from ..symbolic.language import Expression
from .features import By, Feature, Term, Texts, term_of
from .grid import N_BINS, Grid

# Weights of the position model: of distances, of the first token by distance, of the second.
N_POSITION, N_TERMS = 2 * N_BINS + 1, 3
_LONGEST = 3.0  # largest change of a weight in one step, in nats
_HALVINGS = 40
_WIDEST = 8.0  # bound of a weight fitted alone, in nats
_CONVERGED = 1e-7  # nats a row that another step would still gain


@dataclass(frozen=True)
class Behaviour:
    """When `trigger` holds, the keys that `source` names have exp(weight) times the odds.

    Where the weight varies (`by`, see `Feature`), `weights` has that of each level in order and
    `weight` is their mean, weighed by the head's attention on train. `low` and `high` bound
    `weight` (95 %, robust to windows that are not like each other).
    """

    source: Expression
    trigger: Expression
    weight: float
    by: By = ""
    weights: tuple[float, ...] = ()
    low: float = float("nan")
    high: float = float("nan")

    @property
    def feature(self) -> Feature:
        """What it is a behaviour of."""
        return Feature(self.source, self.trigger, self.by)


@dataclass(frozen=True)
class Logit:
    """P(k|q) = softmax over k ≤ q of kernel[bin(q − k)] + positions + behaviours.

    Positions: first[bin(q)] for k = 0, since how much a head rests changes as more keys come
    up, and `second` for k = 1, which many heads treat as part of the start.
    """

    kernel: tuple[float, ...]
    first: tuple[float, ...]
    second: float
    behaviours: tuple[Behaviour, ...] = ()

    def predict(self, texts: Texts) -> Float[np.ndarray, " cell"]:
        """The attention of each query of `texts`: a distribution over its keys."""
        terms = [*position_terms(texts.grid), *(term_of(b.feature, texts) for b in self.behaviours)]
        weights = [*self.kernel, *self.first, self.second]
        for behaviour in self.behaviours:
            weights += behaviour.weights if behaviour.by else [behaviour.weight]
        return texts.grid.softmax(scores(np.array(weights), texts.grid, terms))[0]


@dataclass(frozen=True)
class Fit:
    """Weights that maximise the penalised likelihood, and how near the maximum they are.

    `gradient` is the largest entry of the penalised gradient's size; `converged` is false
    if the steps ran out first. `information` has the penalties in it.
    """

    weights: Float[np.ndarray, " weight"]
    predicted: Float[np.ndarray, " cell"]
    gradient: float
    converged: bool
    information: Float[np.ndarray, "weight weight"] = field(repr=False)


def position_terms(grid: Grid) -> list[Term]:
    """The terms of the position model: the kernel over distance, the first and second token."""
    second = grid.starts[grid.query > 0] + 1
    return [
        Term(np.arange(grid.n_cells), grid.bin, N_BINS, grid),
        Term(grid.starts, grid.bin[grid.starts], N_BINS, grid),
        Term(second, np.zeros(len(second), np.int64), 1, grid),
    ]


def split_weights(
    weights: Float[np.ndarray, " weight"], behaviours: tuple[Behaviour, ...] = ()
) -> Logit:
    """The model with the weights of the position model, which come first, and of behaviours."""
    kernel, first, (second, *_) = np.split(weights, [N_BINS, 2 * N_BINS])
    return Logit(tuple(kernel.tolist()), tuple(first.tolist()), float(second), behaviours)


def level_counts(terms: Sequence[Term]) -> Int[np.ndarray, " bound"]:
    """Where the weights of each term begin, and where the last ends."""
    return np.cumsum([0, *(t.n_levels for t in terms)])


def scores(
    weights: Float[np.ndarray, " weight"], grid: Grid, terms: Sequence[Term]
) -> Float[np.ndarray, " cell"]:
    """The score of every cell; each term has its own weights, in order."""
    found, start = np.zeros(grid.n_cells), 0
    for term in terms:
        own = weights[start : start + term.n_levels]
        if term.everywhere:
            found += own[term.level]
        else:
            found[term.cells] += own[term.level]
        start += term.n_levels
    return found


def masses(
    cells: Float[np.ndarray, " cell"], grid: Grid, terms: Sequence[Term]
) -> Float[np.ndarray, "row weight"]:
    """Of each row the sum over the cells of each weight."""
    sums = [np.bincount(t.slots, t.at(cells), grid.n_rows * t.n_levels) for t in terms]
    # Without a single cell bincount counts in integers.
    return np.concatenate([s.reshape(grid.n_rows, -1) for s in sums], axis=1, dtype=np.float64)


def derivatives(
    residual: Float[np.ndarray, " cell"],
    predicted: Float[np.ndarray, " cell"],
    grid: Grid,
    terms: Sequence[Term],
) -> tuple[Float[np.ndarray, " weight"], Float[np.ndarray, "weight weight"]]:
    """Gradient of the log-likelihood, and the information: Σ_rows of the covariance of features."""
    means = masses(predicted, grid, terms)
    gradient = np.concatenate(
        [np.bincount(t.level, t.at(residual), t.n_levels) for t in terms], dtype=np.float64
    )
    second = np.diag(means.sum(axis=0))
    bounds = level_counts(terms)
    for i, term in enumerate(terms):
        for j, other in enumerate(terms[:i]):
            rows, columns = slice(*bounds[i : i + 2]), slice(*bounds[j : j + 2])
            second[rows, columns] = _joint(term, other, predicted)
            second[columns, rows] = second[rows, columns].T
    return gradient, second - means.T @ means


def _joint(
    one: Term, two: Term, cells: Float[np.ndarray, " cell"]
) -> Float[np.ndarray, "level_of_one level_of_two"]:
    """The sum over the cells that two terms share, for each pair of their levels."""
    if len(two.cells) < len(one.cells):
        return _joint(two, one, cells).T
    pairs = one.at(two.of_cell) * one.n_levels + one.level
    sums = np.bincount(pairs, one.at(cells), (two.n_levels + 1) * one.n_levels).astype(float)
    return sums.reshape(-1, one.n_levels)[1:].T


def penalties(ridge: float, n_weights: int) -> Float[np.ndarray, " weight"]:
    """The ridge of each weight: light on positions, which a few queries each tell of."""
    found = np.full(n_weights, ridge)
    found[:N_POSITION] /= 10
    return found


def refit(
    weights: Float[np.ndarray, " start"],
    attention: Float[np.ndarray, " cell"],
    grid: Grid,
    terms: Sequence[Term],
    *,
    ridge: float,
    steps: int = 60,
) -> Fit:
    """The weights that maximise Σ A log P − Σ penalty/2 w², by damped Newton steps.

    The penalties are those of `penalties`.
    `attention` has rows that sum to 1. `terms` begin with those of the position model;
    weights beyond `weights` start at 0. The objective is strictly concave if `ridge` > 0,
    which also decides what the likelihood leaves open: the kernel sums to 0, and bins that
    no cell is in weigh 0. Every step is cut to `_LONGEST` and halved until it gains a tenth
    of what its slope promises (Armijo).
    """
    if ridge <= 0:
        raise ValueError(f"ridge is {ridge}; without one the kernel is known up to a constant")
    weights = np.concatenate([weights, np.zeros(sum(t.n_levels for t in terms) - len(weights))])
    # A shift of the kernel costs penalty alone: with it gone, no step has to remove it.
    weights[:N_BINS] -= weights[:N_BINS].mean()
    penalty = penalties(ridge, len(weights))

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        s = scores(w, grid, terms)
        predicted, normaliser = grid.softmax(s)
        return float(attention @ s - normaliser.sum() - penalty @ (w * w) / 2), predicted

    value, predicted = objective(weights)
    for step in range(steps + 1):
        gradient, information = derivatives(attention - predicted, predicted, grid, terms)
        gradient -= penalty * weights
        information += np.diag(penalty)
        move = np.linalg.solve(information, gradient)
        slope = float(gradient @ move)
        converged = slope / 2 <= _CONVERGED * grid.n_rows
        if converged or step == steps:
            break
        size = min(1.0, _LONGEST / float(np.abs(move).max()))
        for _ in range(_HALVINGS):
            new, new_predicted = objective(weights + size * move)
            if new >= value + 0.1 * size * slope:
                break
            size /= 2
        else:
            break
        value, predicted, weights = new, new_predicted, weights + size * move
    return Fit(weights, predicted, float(np.abs(gradient).max()), converged, information)


def fit_position(
    attention: Float[np.ndarray, " cell"], grid: Grid, terms: Sequence[Term], *, ridge: float
) -> Fit:
    """The position model alone, whose terms these are.

    Raises ArithmeticError if it cannot be fitted.
    """
    fit = refit(np.zeros(0), attention, grid, terms, ridge=ridge)
    if not fit.converged:
        raise ArithmeticError(f"the position model did not converge: gradient {fit.gradient:g}")
    return fit


def covariance(
    fit: Fit, attention: Float[np.ndarray, " cell"], grid: Grid, terms: Sequence[Term]
) -> Float[np.ndarray, "weight weight"]:
    """Of the weights, robust to windows that are not like each other (sandwich by window).

    H⁻¹ (Σ_windows g gᵀ) H⁻¹ · n/(n − 1) with the gradient g of a window (White 1982; Liang and
    Zeger 1986); zeros where there is but one window.
    """
    by_row = masses(attention - fit.predicted, grid, terms)
    n = len(grid.lengths)
    by_window: Float[np.ndarray, "window weight"] = np.add.reduceat(
        by_row, np.cumsum(grid.lengths) - grid.lengths
    )
    centred = by_window - by_window.mean(axis=0)
    half = np.linalg.solve(fit.information, centred.T)
    return half @ half.T * n / max(n - 1, 1)


def level_weights(
    a: Float[np.ndarray, "row level"], m: Float[np.ndarray, "row level"], ridge: float
) -> Float[np.ndarray, " level"]:
    """The weights of one more term that maximise its gain on its own, by Newton's method.

    `a` and `m` are the masses of its levels under the attention and the prediction. The
    gain is Σ_rows w·a − log(1 + Σ m(exp(w) − 1)), less ridge/2 ‖w‖².
    """
    weights = np.zeros(a.shape[1])
    rest = np.maximum(1 - m.sum(axis=1), 0.0)
    total = a.sum(axis=0)
    for _ in range(12):
        odds = m * np.exp(weights)
        p = odds / (rest + odds.sum(axis=1))[:, None]
        means = p.sum(axis=0)
        slope = total - means - ridge * weights
        information = np.diag(means + ridge) - p.T @ p
        move = np.linalg.solve(information, slope)
        weights = np.clip(weights + np.clip(move, -1.0, 1.0), -_WIDEST, _WIDEST)
        if slope @ move < _CONVERGED * len(a):
            break
    return weights


def level_gain(
    weights: Float[np.ndarray, " level"],
    a: Float[np.ndarray, "row level"],
    m: Float[np.ndarray, "row level"],
) -> Float[np.ndarray, " row"]:
    """The gain in nats of each row from one more term with these weights."""
    return a @ weights - np.log1p(np.maximum(m @ np.expm1(weights), -1 + 1e-12))

"""The conditional logit of a head (McFadden 1974) and its fit by Newton's method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .features import Feature, Windows
from .grid import N_BINS, Grid

_POSITION = N_BINS + 1  # weights of the position model: the bins, then the first token
_ENOUGH = 1e-6  # nats a row


@dataclass(frozen=True)
class Behaviour:
    """When `trigger` holds, the keys that `source` names have exp(weight) times the odds."""

    source: Feature
    trigger: Feature
    weight: float


@dataclass(frozen=True)
class Logit:
    """P(k|q) = softmax over k ≤ q of kernel[bin(q − k)] + first·[k = 0] + behaviours."""

    kernel: tuple[float, ...]
    first: float
    behaviours: tuple[Behaviour, ...] = ()

    def predict(self, windows: Windows) -> Float[np.ndarray, " cell"]:
        """The attention of each query of `windows`: a distribution over its keys."""
        lists = [behaviour_cells(b.source, b.trigger, windows) for b in self.behaviours]
        weights = [*self.kernel, self.first, *(b.weight for b in self.behaviours)]
        return windows.grid.softmax(scores(np.array(weights), windows.grid, lists))


def behaviour_cells(
    source: Feature, trigger: Feature, windows: Windows
) -> Int[np.ndarray, " cell"]:
    """The cells at which source × trigger is 1."""
    cells = windows.cells_of(source)
    return cells[windows.rows_of(trigger)[windows.grid.row[cells]]]


def scores(
    weights: Float[np.ndarray, " weight"], grid: Grid, lists: Sequence[np.ndarray]
) -> Float[np.ndarray, " cell"]:
    """The score of every cell; `lists` has the cells of each behaviour."""
    found = weights[:N_BINS][grid.bin]
    found[grid.starts] += weights[N_BINS]
    for weight, cells in zip(weights[_POSITION:], lists, strict=True):
        found[cells] += weight
    return found


def log_likelihood(
    attention: Float[np.ndarray, " cell"], predicted: Float[np.ndarray, " cell"]
) -> float:
    """Σ A log P over all cells, in nats; minus infinity where P is 0 and A is not."""
    seen = attention > 0
    with np.errstate(divide="ignore"):
        return float(attention[seen] @ np.log(predicted[seen]))


def derivatives(
    residual: Float[np.ndarray, " cell"],
    predicted: Float[np.ndarray, " cell"],
    grid: Grid,
    lists: Sequence[np.ndarray],
) -> tuple[Float[np.ndarray, " weight"], Float[np.ndarray, "weight weight"]]:
    """Gradient of the log-likelihood, and the information: Σ_rows of the covariance of features."""
    first = grid.starts
    n = _POSITION + len(lists)
    gradient, second = np.zeros(n), np.zeros((n, n))
    means = np.zeros((grid.n_rows, n))
    flat = grid.row * N_BINS + grid.bin
    size = grid.n_rows * N_BINS
    means[:, :N_BINS] = np.bincount(flat, predicted, size).reshape(-1, N_BINS)
    means[:, N_BINS] = predicted[first]
    gradient[:N_BINS] = np.bincount(grid.bin, residual, N_BINS)
    gradient[N_BINS] = residual[first].sum()
    second[range(N_BINS), range(N_BINS)] = means[:, :N_BINS].sum(axis=0)
    second[N_BINS, N_BINS] = means[:, N_BINS].sum()
    second[N_BINS, :N_BINS] = np.bincount(grid.bin[first], predicted[first], N_BINS)
    of_list = np.zeros(grid.n_cells)
    for i, cells in enumerate(lists, start=_POSITION):
        gradient[i] = residual[cells].sum()
        p = predicted[cells]
        means[:, i] = np.bincount(grid.row[cells], p, grid.n_rows)
        second[i, :N_BINS] = np.bincount(grid.bin[cells], p, N_BINS)
        second[i, N_BINS] = p[grid.key[cells] == 0].sum()
        of_list[cells] = p
        for j, others in enumerate(lists[: i - _POSITION + 1], start=_POSITION):
            second[i, j] = of_list[others].sum()
        of_list[cells] = 0
    second = np.tril(second) + np.tril(second, -1).T
    return gradient, second - means.T @ means


def refit(
    weights: Float[np.ndarray, " weight"],
    attention: Float[np.ndarray, " cell"],
    grid: Grid,
    lists: Sequence[np.ndarray],
    *,
    ridge: float,
    steps: int,
) -> tuple[Float[np.ndarray, " weight"], Float[np.ndarray, " cell"]]:
    """The weights that maximise Σ A log P − ridge/2 ‖w‖² by Newton's method, and P.

    A step that does not raise it is halved, up to five times; ends after `steps` of them.
    """

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        p = grid.softmax(scores(w, grid, lists))
        return log_likelihood(attention, p) - ridge / 2 * float(w @ w), p

    value, predicted = objective(weights)
    for _ in range(steps):
        gradient, information = derivatives(attention - predicted, predicted, grid, lists)
        move = np.linalg.solve(
            information + ridge * np.eye(len(weights)), gradient - ridge * weights
        )
        for _ in range(6):
            new, p = objective(weights + move)
            if new > value:
                break
            move = move / 2
        else:
            break
        gain, value, weights, predicted = new - value, new, weights + move, p
        if gain < _ENOUGH * grid.n_rows:
            break
    return weights, predicted

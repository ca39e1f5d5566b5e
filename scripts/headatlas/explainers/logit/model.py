"""The conditional logit of a head (McFadden 1974) and its fit by Newton's method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from .features import Feature, FeatureTable, Windows
from .grid import N_BINS, Grid

N_POSITION = N_BINS + 1  # weights of the position model: the bins, then the first token
_LONGEST = 3.0  # largest change of a weight in one step, in nats
_HALVINGS = 40
_CONVERGED = 1e-7  # nats a row that another step would still gain


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
        return windows.grid.softmax(scores(np.array(weights), windows.grid, lists))[0]


@dataclass(frozen=True)
class Fit:
    """Weights that maximise the penalised likelihood, and how near the maximum they are.

    `gradient` is the largest entry of the penalised gradient's size; `converged` is false
    if the steps ran out first.
    """

    weights: Float[np.ndarray, " weight"]
    predicted: Float[np.ndarray, " cell"]
    gradient: float
    converged: bool


def behaviour_cells(
    source: Feature, trigger: Feature, windows: Windows | FeatureTable
) -> Int[np.ndarray, " active"]:
    """The cells at which source × trigger is 1."""
    grid = windows.grid if isinstance(windows, Windows) else windows.windows.grid
    cells = windows.cells_of(source)
    found: Int[np.ndarray, " active"] = cells[windows.rows_of(trigger)[grid.row[cells]]]
    return found


def scores(
    weights: Float[np.ndarray, " weight"], grid: Grid, lists: Sequence[np.ndarray]
) -> Float[np.ndarray, " cell"]:
    """The score of every cell; `lists` has the cells of each behaviour."""
    found = weights[:N_BINS][grid.bin]
    found[grid.starts] += weights[N_BINS]
    for weight, cells in zip(weights[N_POSITION:], lists, strict=True):
        found[cells] += weight
    return found


def derivatives(
    residual: Float[np.ndarray, " cell"],
    predicted: Float[np.ndarray, " cell"],
    grid: Grid,
    lists: Sequence[np.ndarray],
) -> tuple[Float[np.ndarray, " weight"], Float[np.ndarray, "weight weight"]]:
    """Gradient of the log-likelihood, and the information: Σ_rows of the covariance of features."""
    first = grid.starts
    n = N_POSITION + len(lists)
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
    for i, cells in enumerate(lists, start=N_POSITION):
        gradient[i] = residual[cells].sum()
        p = predicted[cells]
        means[:, i] = np.bincount(grid.row[cells], p, grid.n_rows)
        second[i, :N_BINS] = np.bincount(grid.bin[cells], p, N_BINS)
        second[i, N_BINS] = p[grid.key[cells] == 0].sum()
        of_list[cells] = p
        for j, others in enumerate(lists[: i - N_POSITION + 1], start=N_POSITION):
            second[i, j] = of_list[others].sum()
        of_list[cells] = 0
    second = np.tril(second) + np.tril(second, -1).T
    return gradient, second - means.T @ means


def refit(
    weights: Float[np.ndarray, " start"],
    attention: Float[np.ndarray, " cell"],
    grid: Grid,
    lists: Sequence[np.ndarray],
    *,
    ridge: float,
    steps: int = 60,
) -> Fit:
    """The weights that maximise Σ A log P − ridge/2 ‖w‖², by damped Newton steps.

    `attention` has rows that sum to 1. The objective is strictly concave if `ridge` > 0,
    which also decides what the likelihood leaves open: the kernel sums to 0, and bins that
    no cell is in weigh 0. Every step is cut to `_LONGEST` and halved until it gains a tenth
    of what its slope promises (Armijo).
    """
    if ridge <= 0:
        raise ValueError(f"ridge is {ridge}; without one the kernel is known up to a constant")
    weights = np.concatenate([weights, np.zeros(N_POSITION + len(lists) - len(weights))])
    # A shift of the kernel costs penalty alone: with it gone, no step has to remove it.
    weights[:N_BINS] -= weights[:N_BINS].mean()

    def objective(w: np.ndarray) -> tuple[float, np.ndarray]:
        s = scores(w, grid, lists)
        predicted, normaliser = grid.softmax(s)
        return float(attention @ s - normaliser.sum() - ridge / 2 * (w @ w)), predicted

    value, predicted = objective(weights)
    for step in range(steps + 1):
        gradient, information = derivatives(attention - predicted, predicted, grid, lists)
        gradient -= ridge * weights
        move = np.linalg.solve(information + ridge * np.eye(len(weights)), gradient)
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
    return Fit(weights, predicted, float(np.abs(gradient).max()), converged)

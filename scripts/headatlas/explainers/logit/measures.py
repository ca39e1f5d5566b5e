"""How much of a head's attention a prediction explains: pure functions of cells."""

import numpy as np
from jaxtyping import Float

from .grid import Grid

_Cells = Float[np.ndarray, " cell"]
_TINY = np.finfo(np.float64).tiny


def divergences(attention: _Cells, predicted: _Cells, grid: Grid) -> Float[np.ndarray, " row"]:
    """KL(A‖P) of each query in nats; rows of `attention` that are all zero have 0."""
    seen = attention > 0
    ratio = np.zeros(len(attention))
    ratio[seen] = np.log(attention[seen]) - np.log(np.maximum(predicted[seen], _TINY))
    return grid.row_sums(attention * ratio)


def even(grid: Grid) -> _Cells:
    """The same share for every key of a query."""
    return grid.normalised(np.ones(grid.n_cells))


def without_first(cells: _Cells, grid: Grid) -> _Cells:
    """Position 0 left out, what remains of each row scaled to sum to 1 (a row of zeros stays)."""
    return grid.normalised(cells * grid.not_first)


def first_evened(predicted: _Cells, grid: Grid) -> _Cells:
    """Position 0 with the share that even attention gives it, the rest of each row scaled to it."""
    rest = without_first(predicted, grid)
    evened = even(grid)
    of_rest = grid.row_sums(evened * grid.not_first)[grid.row]
    return np.where(grid.not_first, rest * of_rest, evened)


def explained(attention: _Cells, predicted: _Cells, baseline: _Cells, grid: Grid) -> float:
    """1 − KL(A‖P) / KL(A‖baseline), summed over queries; nan if the baseline is exact.

    With `even` as the baseline it is `attention_explained`, with the position model's
    prediction the part explained of what that model leaves. For the form without
    position 0 give all three through `without_first`.
    """
    left = float(divergences(attention, baseline, grid).sum())
    if left <= 0:
        return float("nan")
    return 1 - float(divergences(attention, predicted, grid).sum()) / left


def overlap(attention: _Cells, predicted: _Cells) -> float:
    """IoU: Σ min(A, P) / Σ max(A, P) over all cells; nan if both are 0 everywhere.

    For the form without position 0 give both without those cells (`grid.not_first`).
    """
    union = float(np.maximum(attention, predicted).sum())
    return float(np.minimum(attention, predicted).sum()) / union if union else float("nan")

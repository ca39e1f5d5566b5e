"""What is computed over heads, for all resamples of the heads at once."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from ..intervals import Statistic

# Weights of two columns: one of them, or what the second has more than the first.
FIRST, SECOND, CHANGE = (1.0, 0.0), (0.0, 1.0), (-1.0, 1.0)


def average(kind: Callable[..., np.ndarray], weights: Sequence[float] = (1.0,)) -> Statistic:
    """Mean or median (np.mean, np.median) over heads of a weighted sum of their columns."""
    return lambda drawn: kind(drawn @ np.array(weights), axis=1)


def pearson(drawn: Float[np.ndarray, "draws heads 2"]) -> Float[np.ndarray, " draws"]:
    """Pearson's correlation of the two columns; NaN where one is constant."""
    centred = drawn - drawn.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).sum(axis=1)).prod(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(scale > 1e-12, centred.prod(axis=2).sum(axis=1) / scale, np.nan)


def cohen_kappa(drawn: Float[np.ndarray, "draws heads 2"]) -> Float[np.ndarray, " draws"]:
    """Agreement of two yes-or-no ratings beyond chance: 1 is perfect, 0 what chance gives.

    Cohen (1960), "A coefficient of agreement for nominal scales". NaN where both ratings
    are the same for all heads.
    """
    same = (drawn[..., 0] == drawn[..., 1]).mean(axis=1)
    yes = drawn.mean(axis=1)
    by_chance = yes.prod(axis=1) + (1 - yes).prod(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(by_chance < 1, (same - by_chance) / (1 - by_chance), np.nan).round(9)

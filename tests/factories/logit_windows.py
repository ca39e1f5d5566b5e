"""Small windows for the conditional logit, and attention drawn on them."""

import numpy as np

from headatlas.explainers.logit.features import Windows
from headatlas.explainers.logit.grid import Grid
from headatlas.explainers.symbolic.context import Context

PIECES = [" the", " of", " house", "\n", " Paris", " 12", ",", " ran", "ning", "("]


def windows_of(rng: np.random.Generator, *lengths: int) -> Windows:
    """Windows of random tokens, each behind a special one."""
    contexts = []
    for length in lengths:
        tokens = [0, *(1 + rng.integers(len(PIECES), size=length - 1)).tolist()]
        contexts.append(Context(tokens, ["<s>", *(PIECES[t - 1] for t in tokens[1:])]))
    return Windows(contexts)


def random_rows(rng: np.random.Generator, grid: Grid) -> np.ndarray:
    """Attention without any meaning: rows that sum to 1."""
    return grid.normalised(rng.exponential(size=grid.n_cells))

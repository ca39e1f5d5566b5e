"""What each part of a conditional logit is needed for: what is lost without it.

What a part added when it was chosen says little of it once others are there that tell nearly
the same. So every part is taken out of the finished model in turn, and the rest fitted again.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .features import FeatureTable, Term, term_of
from .grid import Grid
from .measures import divergences
from .model import Logit, level_counts, position_terms, refit, scores

STEPS = 8  # of Newton's method, from the weights of the whole model
_Train = Float[np.ndarray, " train_cell"]
_HeldOut = Float[np.ndarray, " held_out_cell"]


class Lost(NamedTuple):
    """How many nats a query more KL(A‖P) is on held-out text without a part."""

    distance: float
    first: float
    behaviours: tuple[float, ...]


def lost_without(
    logit: Logit,
    train: tuple[_Train, FeatureTable],
    held_out: tuple[_HeldOut, FeatureTable],
    *,
    ridge: float = 1.0,
) -> Lost:
    """Of each part of a model fitted on `train`, both given as attention and features."""
    attention, table = held_out
    terms, held_terms = (_terms(logit, t) for t in (train[1], table))
    weights = [*logit.kernel, *logit.first, logit.second]
    for behaviour in logit.behaviours:
        weights += behaviour.weights if behaviour.by else [behaviour.weight]
    start = np.array(weights)
    whole = _nats(start, attention, table.grid, held_terms)

    def without(*parts: int) -> float:
        kept, held_kept = (_emptied(some, parts) for some in (terms, held_terms))
        bounds, begun = level_counts(terms), start.copy()
        for part in parts:
            begun[bounds[part] : bounds[part + 1]] = 0
        fit = refit(begun, train[0], train[1].grid, kept, ridge=ridge, steps=STEPS)
        return _nats(fit.weights, attention, table.grid, held_kept) - whole

    n = len(position_terms(table.grid))
    return Lost(
        without(0), without(1, 2), tuple(without(n + i) for i in range(len(logit.behaviours)))
    )


def _terms(logit: Logit, table: FeatureTable) -> list[Term]:
    return [*position_terms(table.grid), *(term_of(b.feature, table) for b in logit.behaviours)]


def _emptied(terms: Sequence[Term], parts: Sequence[int]) -> list[Term]:
    """The terms, but some name no cell: their weights count for nothing and stay 0."""
    nothing = np.zeros(0, np.int64)
    return [
        Term(nothing, nothing, t.n_levels, t.grid) if n in parts else t for n, t in enumerate(terms)
    ]


def _nats(
    weights: Float[np.ndarray, " weight"],
    attention: Float[np.ndarray, " cell"],
    grid: Grid,
    terms: Sequence[Term],
) -> float:
    predicted = grid.softmax(scores(weights, grid, terms))[0]
    return float(divergences(attention, predicted, grid).sum()) / grid.n_rows

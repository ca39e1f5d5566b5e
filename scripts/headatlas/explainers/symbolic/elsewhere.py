"""A program on the text of another corpus: what it has to beat there, and where it speaks."""

import numpy as np
from jaxtyping import Int

from ...predictions import Predictions
from ...records.explanation import Program
from ..logit.features import FeatureTable, term_of
from ..logit.model import Logit, fit_position, position_terms, split_weights
from .activity import Seen
from .program import logit_of

RIDGE = 1.0  # as in the search for behaviours


def position_model(seen: Seen) -> Logit:
    """Distance and the first tokens alone, fitted to what a head did in some windows.

    Raises ArithmeticError if it cannot be fitted.
    """
    grid = seen.table.grid
    fit = fit_position(seen.attention, grid, position_terms(grid), ridge=RIDGE)
    return split_weights(fit.weights)


def beside(predicted: Predictions, position: Logit, table: FeatureTable) -> Predictions:
    """The same predictions, beside those of another position model.

    `table` has the features of their windows, in their order.
    """
    matrices = table.grid.unflatten(position.predict(table))
    windows = [
        window._replace(position=matrix)
        for window, matrix in zip(predicted.windows, matrices, strict=True)
    ]
    return Predictions(predicted.head, windows, predicted.reason)


def active_queries(program: Program, table: FeatureTable) -> Int[np.ndarray, " window"]:
    """Queries of each window at which a term of the program names a key.

    The first query, which has one key, is left out. Elsewhere the program says no more than its
    own position model.
    """
    grid, active = table.grid, np.zeros(table.grid.n_rows, bool)
    for behaviour in logit_of(program).behaviours:
        active[grid.row[term_of(behaviour.feature, table).cells]] = True
    counted = active & (grid.query > 0)
    return np.bincount(grid.window, counted, len(grid.lengths)).astype(int)

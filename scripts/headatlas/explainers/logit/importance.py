"""What each part of a conditional logit is needed for: what is lost without it.

What a part added when it was chosen says little of it once others are there that tell nearly
the same. So every part is taken out of the finished model in turn, and the rest fitted again.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from .features import FeatureTable, Term, term_of
from .measures import divergences
from .model import N_TERMS, Logit, level_counts, position_terms, refit, scores

STEPS = 8  # of Newton's method, from the weights of the whole model
_Train = Float[np.ndarray, " train_cell"]
_HeldOut = Float[np.ndarray, " held_out_cell"]


class Importance:
    """Takes parts out of a model fitted on `train`, and sees what that costs on other text.

    Both are given as attention and features.
    """

    def __init__(
        self,
        logit: Logit,
        train: tuple[_Train, FeatureTable],
        held_out: tuple[_HeldOut, FeatureTable],
        *,
        ridge: float = 1.0,
    ):
        self._train, self._held_out, self._ridge = train, held_out, ridge
        self._terms, self._held_terms = (_terms(logit, table) for _, table in (train, held_out))
        weights = [*logit.kernel, *logit.first, logit.second]
        for behaviour in logit.behaviours:
            weights += behaviour.weights if behaviour.by else [behaviour.weight]
        self._weights = np.array(weights)
        self._whole = self._nats(self._weights, self._held_terms)

    @property
    def distance(self) -> float:
        """Nats a query lost on held-out text without the kernel over distance."""
        return self._without([0])

    def behaviours(self, numbers: Sequence[int]) -> float:
        """Likewise without some behaviours."""
        return self._without([N_TERMS + n for n in numbers])

    def _without(self, parts: Sequence[int]) -> float:
        kept, held_kept = (_emptied(some, parts) for some in (self._terms, self._held_terms))
        bounds, start = level_counts(self._terms), self._weights.copy()
        for part in parts:
            start[bounds[part] : bounds[part + 1]] = 0
        attention, table = self._train
        fit = refit(start, attention, table.grid, kept, ridge=self._ridge, steps=STEPS)
        return self._nats(fit.weights, held_kept) - self._whole

    def _nats(self, weights: Float[np.ndarray, " weight"], terms: Sequence[Term]) -> float:
        attention, table = self._held_out
        predicted = table.grid.softmax(scores(weights, table.grid, terms))[0]
        return float(divergences(attention, predicted, table.grid).sum()) / table.grid.n_rows


def _terms(logit: Logit, table: FeatureTable) -> list[Term]:
    return [*position_terms(table.grid), *(term_of(b.feature, table) for b in logit.behaviours)]


def _emptied(terms: Sequence[Term], parts: Sequence[int]) -> list[Term]:
    """The terms, but some name no cell: their weights count for nothing and stay 0."""
    nothing = np.zeros(0, np.int64)
    return [
        Term(nothing, nothing, t.n_levels, t.grid) if n in parts else t for n, t in enumerate(terms)
    ]

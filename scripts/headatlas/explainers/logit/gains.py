"""What one more 0/1 feature would add to the log-likelihood: exact, in one dimension.

If a feature has the mass a under the attention A and m under the prediction P at a query,
giving it the weight w changes log-likelihood by w·a − log(1 + m(exp(w) − 1)). Sums over
queries, for all sources × triggers at once, are matrix products.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from ..symbolic.language import FIRST_TOKEN, Expression
from .features import Feature, FeatureTable, TokenSet

KeyPlace = Literal["key", "before_key"]
KEY_PLACES: tuple[KeyPlace, ...] = ("key", "before_key")
ANY = Expression("any")
# The weights at which all pairs are tried: odds of 1/20 to 60.
TRIED = np.log([1 / 20, 1 / 4, 1 / 2, 2, 4, 12, 60])
LARGEST_SET = 12
WORTH = 3.0  # nats that a token of a set gains on its own
_WIDEST = 8.0  # bound of a weight fitted alone, in nats


@dataclass(frozen=True)
class Candidate:
    """A source × trigger and the gain at the best of the weights tried, in nats."""

    source: Feature
    trigger: Feature
    gain: float

    @property
    def complexity(self) -> int:
        """How much a reader has to keep in mind."""
        return self.source.complexity + self.trigger.complexity


def row_gain(
    weight: float | Float[np.ndarray, "#feature 1"],
    a: Float[np.ndarray, "feature row"],
    m: Float[np.ndarray, "feature row"],
) -> Float[np.ndarray, "feature row"]:
    """The gain in nats of each row: w·a − log(1 + m(exp(w) − 1))."""
    return weight * a - np.log1p(np.clip(m, 0, 1) * np.expm1(weight))


def best_weights(
    a: Float[np.ndarray, "feature row"], m: Float[np.ndarray, "feature row"], ridge: float
) -> Float[np.ndarray, " feature"]:
    """The weight of each feature that maximises its gain − ridge/2 w², by Newton's method."""
    weights = np.zeros(len(a))
    for _ in range(30):
        odds = m * np.exp(weights)[:, None]
        p = odds / (1 - m + odds)
        slope = (a - p).sum(axis=1) - ridge * weights
        move = slope / ((p * (1 - p)).sum(axis=1) + ridge)
        weights = np.clip(weights + np.clip(move, -1, 1), -_WIDEST, _WIDEST)
    return weights


class Frequent:
    """The tokens that sets are made of: each in at least `least` windows, in order of number."""

    def __init__(self, table: FeatureTable, least: int = 3):
        windows = table.windows
        self._grid = windows.grid
        pairs = np.unique(np.stack([windows.tokens, windows.grid.window]), axis=1)
        tokens, counts = np.unique(pairs[0], return_counts=True)
        self.tokens: Int[np.ndarray, " token"] = tokens[counts >= least]
        same = self.tokens[:, None] == windows.tokens
        self.at_query: Float[np.ndarray, "token row"] = same.astype(np.float32)
        self._bins = {
            "key": self._bins_of(windows.tokens),
            "before_key": self._bins_of(windows.before),
        }

    def _bins_of(self, tokens: Int[np.ndarray, " row"]) -> Int[np.ndarray, " cell"]:
        """Each cell's token × row; other tokens and position 0 count as one more token."""
        n, grid = len(self.tokens), self._grid
        padded = np.append(self.tokens, -2)
        found = np.searchsorted(self.tokens, tokens)
        found = np.where((padded[found] == tokens) & (grid.query > 0), found, n)
        return (found[grid.key_row] * grid.n_rows + grid.row).astype(np.int32)

    def key_sums(
        self, place: KeyPlace, cells: Float[np.ndarray, " cell"]
    ) -> Float[np.ndarray, "token row"]:
        """For each token and row, the sum over the keys of that token, or of those after it."""
        n, rows = len(self.tokens), self._grid.n_rows
        return np.bincount(self._bins[place], cells, (n + 1) * rows).reshape(-1, rows)[:n]


class Proposer:
    """Looks for the features that a head's prediction lacks."""

    def __init__(
        self, attention: Float[np.ndarray, " cell"], table: FeatureTable, frequent: Frequent
    ):
        self._table, self._frequent = table, frequent
        self._by_row = np.concatenate([table.holds.astype(np.float32), frequent.at_query])
        self._seen = self._by_row @ table.source_sums(attention).T.astype(np.float32)
        self._of_keys = {place: frequent.key_sums(place, attention) for place in KEY_PLACES}

    def propose(self, predicted: Float[np.ndarray, " cell"], number: int) -> list[Candidate]:
        """The `number` features with the largest gains on train, in order."""
        part = np.clip(self._table.source_sums(predicted), 0, 1).T.astype(np.float32)
        gains = np.array(
            [
                w * self._seen - self._by_row @ np.log1p(part * np.float32(np.expm1(w)))
                for w in TRIED
            ],
            float,
        )
        n = len(self._table.triggers)
        found = self._pairs(gains[:, :n].max(axis=0), number) + self._query_sets(gains[:, n:])
        for place in KEY_PLACES:
            found += self._key_sets(place, self._frequent.key_sums(place, predicted))
        return sorted((c for c in found if c.gain > 0), key=lambda c: -c.gain)[:number]

    def _pairs(self, gains: Float[np.ndarray, "trigger source"], number: int) -> list[Candidate]:
        sources, triggers = self._table.sources, self._table.triggers
        # The first token at every query is part of the position model.
        gains[triggers.index(ANY), sources.index(FIRST_TOKEN)] = -np.inf
        order = np.argsort(-gains, axis=None, kind="stable")[:number]
        return [
            Candidate(sources[s], triggers[t], float(gains[t, s]))
            for t, s in zip(*np.unravel_index(order, gains.shape), strict=True)
        ]

    def _query_sets(self, gains: Float[np.ndarray, "weight token source"]) -> list[Candidate]:
        """For each source the best set of query tokens: at one weight their gains add up."""
        order = np.argsort(-gains, axis=1, kind="stable")[:, :LARGEST_SET]
        best = np.take_along_axis(gains, order, axis=1)
        totals = np.where(best >= WORTH, best, 0).sum(axis=1)
        found = []
        for s, w in enumerate(totals.argmax(axis=0)):
            tokens = self._frequent.tokens[order[w, best[w, :, s] >= WORTH, s]]
            if len(tokens):
                named = TokenSet("query", tuple(sorted(tokens.tolist())))
                found.append(Candidate(self._table.sources[s], named, float(totals[w, s])))
        return found

    def _key_sets(self, place: KeyPlace, m: Float[np.ndarray, "token row"]) -> list[Candidate]:
        """At each weight tried the tokens that gain most alone; of their prefixes the best."""
        a, found = self._of_keys[place], []
        for w in TRIED.tolist():
            alone = row_gain(w, a, m).sum(axis=1)
            order = np.argsort(-alone, kind="stable")[:LARGEST_SET]
            order = order[alone[order] >= WORTH]
            if len(order):
                gains = row_gain(w, a[order].cumsum(axis=0), m[order].cumsum(axis=0)).sum(axis=1)
                n = int(gains.argmax()) + 1
                named = TokenSet(place, tuple(sorted(self._frequent.tokens[order[:n]].tolist())))
                found.append(Candidate(named, ANY, float(gains[n - 1])))
        return found

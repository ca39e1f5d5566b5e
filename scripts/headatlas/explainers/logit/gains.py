"""Proposals: which feature would add most to the log-likelihood of a head's attention.

If a feature has the mass a under the attention A and m under the prediction P at a query,
giving it the weight w changes log-likelihood by w·a − log(1 + m(exp(w) − 1)). Sums over
queries, for all sources × triggers at once, are matrix products.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ..symbolic.language import ANY, EVERYTHING, FIRST_TOKEN, SOURCE_LISTS, Expression
from .features import KINDS, NO_TOKEN, By, Feature, FeatureTable, listed_by
from .grid import N_BINS

# The weights at which all pairs are tried: odds of 1/20 to 60.
TRIED = np.log([1 / 20, 1 / 4, 1 / 2, 2, 4, 12, 60])
LARGEST_SET = 24
MOST_TOKENS = 256  # tokens that lists are made of
WORTH = 3.0  # nats that a token of a list gains on its own
RELATIVE_WORTH = 0.1  # of what the list's best token gains


@dataclass(frozen=True)
class Candidate:
    """A feature and about what it would gain on train, in nats, at the best weights tried."""

    feature: Feature
    gain: float


def row_gain(
    weight: float, a: Float[np.ndarray, "*shape"], m: Float[np.ndarray, "*shape"]
) -> Float[np.ndarray, "*shape"]:
    """The gain in nats of a weight at each row: w·a − log(1 + m(exp(w) − 1))."""
    return weight * a - np.log1p(np.clip(m, 0, 1) * np.expm1(weight))


class Frequent:
    """The tokens that lists are made of: those in most windows, each in at least `least`."""

    def __init__(self, table: FeatureTable, least: int = 3):
        grid = table.grid
        pairs = np.unique(np.stack([table.tokens, grid.window]), axis=1)
        tokens, counts = np.unique(pairs[0], return_counts=True)
        most = np.argsort(-counts, kind="stable")[:MOST_TOKENS]
        self.tokens: Int[np.ndarray, " token"] = np.sort(tokens[most[counts[most] >= least]])
        same = self.tokens[:, None] == table.tokens
        self.at_query: Float[np.ndarray, "token row"] = same.astype(np.float32)
        self._cells = {p: self._by_token(table, listed_by(p, table)) for p in SOURCE_LISTS}

    def _by_token(
        self, table: FeatureTable, tokens: Int[np.ndarray, " row"]
    ) -> tuple[Int[np.ndarray, " cell"], Int[np.ndarray, " group"], Int[np.ndarray, " group"]]:
        """Cells sorted by token and row, where each token and row begins, and its token."""
        grid, n = table.grid, len(self.tokens)
        found = np.searchsorted(self.tokens, tokens)
        padded = np.append(self.tokens, NO_TOKEN)
        found = np.where((padded[found] == tokens) & (grid.query > 0), found, n)
        of_cell = found[grid.key_row]
        cells = np.flatnonzero(of_cell < n)
        key = of_cell[cells] * grid.n_rows + grid.row[cells]
        order = np.argsort(key, kind="stable")
        groups, starts = np.unique(key[order], return_index=True)
        return cells[order].astype(np.int32), starts.astype(np.int32), groups // grid.n_rows

    def key_sums(
        self, place: str, cells: Float[np.ndarray, " cell"]
    ) -> Float[np.ndarray, " group"]:
        """For each token and row with such keys (or keys after them), the sum over these."""
        order, starts, _ = self._cells[place]
        return np.add.reduceat(cells[order], starts) if len(starts) else np.zeros(0)

    def by_token(
        self, place: str, groups: Float[np.ndarray, " group"]
    ) -> Float[np.ndarray, " token"]:
        """The sums of `key_sums`, or functions of them, over the rows of each token."""
        return np.bincount(self._cells[place][2], groups, len(self.tokens))


class Proposer:
    """Looks for the features that a head's prediction lacks."""

    def __init__(
        self, attention: Float[np.ndarray, " cell"], table: FeatureTable, frequent: Frequent
    ):
        self._table, self._frequent = table, frequent
        at_kind = (np.arange(len(KINDS))[:, None] == table.kind).astype(np.float32)
        self._by_row = np.concatenate([table.holds, at_kind, frequent.at_query], dtype=np.float32)
        grid = table.grid
        kinds = np.where(grid.not_first, table.kind[grid.key_row], len(KINDS))
        self._kind = grid.row * (len(KINDS) + 1) + kinds
        self._bin = np.where(grid.not_first, grid.bin, N_BINS) + grid.row * (N_BINS + 1)
        self._seen = self._by_row @ self._columns(attention)
        self._of_keys = {place: frequent.key_sums(place, attention) for place in SOURCE_LISTS}

    def _columns(self, cells: Float[np.ndarray, " cell"]) -> Float[np.ndarray, "row column"]:
        """The mass of each source, of each kind of key and of each bin of distance."""
        rows = self._table.grid.n_rows
        sources = self._table.source_sums(cells.astype(np.float32)).T
        kinds = np.bincount(self._kind, cells, rows * (len(KINDS) + 1)).reshape(rows, -1)
        bins = np.bincount(self._bin, cells, rows * (N_BINS + 1)).reshape(rows, -1)
        return np.concatenate([sources, kinds[:, :-1], bins[:, :-1]], axis=1, dtype=np.float32)

    def propose(self, predicted: Float[np.ndarray, " cell"], number: int) -> list[Candidate]:
        """The features with the largest gains on train: pairs, lists, curves and profiles."""
        mass = np.clip(self._columns(predicted), 0, 1)
        gains = np.array(
            [
                np.float32(w) * self._seen - self._by_row @ np.log1p(mass * np.float32(np.expm1(w)))
                for w in TRIED
            ]
        )
        best = gains.max(axis=0)
        n, s, kinds = len(self._table.triggers), len(self._table.sources), len(KINDS)
        found = self._pairs(best[:n, :s].copy(), number)
        found += self._varying(best[:n, s : s + kinds], "key_kind")
        found += self._varying(best[:n, s + kinds :], "distance")
        found += self._query_kinds(best[n : n + kinds, :s])
        found += self._query_lists(best[n + kinds :, :s])
        for place in SOURCE_LISTS:
            found += self._key_list(place, predicted)
        return sorted((c for c in found if c.gain > 0), key=lambda c: -c.gain)

    def _pairs(self, gains: Float[np.ndarray, "trigger source"], number: int) -> list[Candidate]:
        sources, triggers = self._table.sources, self._table.triggers
        # The first token at every query is part of the position model.
        gains[triggers.index(ANY), sources.index(FIRST_TOKEN)] = -np.inf
        order = np.argsort(-gains, axis=None, kind="stable")[:number]
        return [
            Candidate(Feature(sources[s], triggers[t]), float(gains[t, s]))
            for t, s in zip(*np.unravel_index(order, gains.shape), strict=True)
        ]

    def _varying(self, gains: Float[np.ndarray, "trigger level"], by: By) -> list[Candidate]:
        """At which trigger the kind of the key, or the distance, says most."""
        totals = np.maximum(gains, 0).sum(axis=1)
        if by == "distance":
            totals[self._table.triggers.index(ANY)] = 0  # the kernel
        order = np.argsort(-totals, kind="stable")[:2]
        triggers = self._table.triggers
        return [Candidate(Feature(EVERYTHING, triggers[t], by), float(totals[t])) for t in order]

    def _query_kinds(self, gains: Float[np.ndarray, "kind source"]) -> list[Candidate]:
        """The sources of which the kind of the query says most."""
        totals = np.maximum(gains, 0).sum(axis=0)
        sources = self._table.sources
        return [
            Candidate(Feature(sources[s], ANY, "query_kind"), float(totals[s]))
            for s in np.argsort(-totals, kind="stable")[:2]
        ]

    def _query_lists(self, gains: Float[np.ndarray, "token source"]) -> list[Candidate]:
        """The sources that say most at listed queries."""
        if not len(gains):
            return []
        order = np.argsort(-gains, axis=0, kind="stable")[:LARGEST_SET]
        best = np.take_along_axis(gains, order, axis=0)
        totals = np.where(_worth(best), best, 0).sum(axis=0)
        found = []
        for s in np.argsort(-totals, kind="stable")[:2]:
            tokens = self._frequent.tokens[order[_worth(best[:, s]), s]]
            if len(tokens):
                listed = Expression("at_tokens", tuple(tokens.tolist()))
                feature = Feature(self._table.sources[s], listed, "token")
                found.append(Candidate(feature, float(totals[s])))
        return found

    def _key_list(self, place: str, predicted: Float[np.ndarray, " cell"]) -> list[Candidate]:
        """The tokens that gain most as keys, or before keys."""
        a, m = self._of_keys[place], self._frequent.key_sums(place, predicted)
        alone = [self._frequent.by_token(place, row_gain(w, a, m)) for w in TRIED.tolist()]
        gains = np.max(alone, axis=0)
        order = np.argsort(-gains, kind="stable")[:LARGEST_SET]
        order = order[_worth(gains[order])]
        if not len(order):
            return []
        listed = Expression(place, tuple(self._frequent.tokens[order].tolist()))
        return [Candidate(Feature(listed, ANY, "token"), float(gains[order].sum()))]


def _worth(gains: np.ndarray) -> np.ndarray:
    """Which tokens of a list, the best first, are worth their mention. Ranks are the first axis."""
    return (gains >= WORTH) & (gains >= RELATIVE_WORTH * gains[:1])

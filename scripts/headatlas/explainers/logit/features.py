"""Features of windows: the cells that each source names, the rows at which a trigger holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from ..symbolic.context import Context
from ..symbolic.evaluate import holds, keys_of
from ..symbolic.language import FIRST_TOKEN, Expression, all_sources, all_triggers
from .grid import Grid


@dataclass(frozen=True)
class TokenSet:
    """Tokens learned from the head: of the key, of the one before the key, or of the query."""

    place: Literal["key", "before_key", "query"]
    tokens: tuple[int, ...]

    @property
    def complexity(self) -> int:
        """How much a reader has to keep in mind: every token, more than any class does."""
        return 2 + len(self.tokens)

    def __str__(self) -> str:
        return f"{self.place} in {{{', '.join(map(str, self.tokens))}}}"


Feature = Expression | TokenSet


class Windows:
    """The windows of a split: their contexts, cells and tokens (one a row)."""

    def __init__(self, contexts: Sequence[Context]):
        self.contexts = list(contexts)
        self.grid = Grid([c.length for c in contexts])
        self.tokens: Int[np.ndarray, " row"] = np.concatenate([c.tokens for c in contexts])

    @property
    def before(self) -> Int[np.ndarray, " row"]:
        """The token before each, -1 at position 0."""
        return np.where(self.grid.query > 0, np.roll(self.tokens, 1), -1)

    def cells_of(self, source: Feature) -> Int[np.ndarray, " named"]:
        """The cells that `source` names, in order. Token sets leave out position 0."""
        if isinstance(source, TokenSet):
            tokens = self.tokens if source.place == "key" else self.before
            named = np.isin(tokens, source.tokens) & (self.grid.query > 0)
            return np.flatnonzero(named[self.grid.key_row])
        return np.flatnonzero(self.grid.flatten([keys_of(source, c) for c in self.contexts]))

    def rows_of(self, trigger: Feature) -> Bool[np.ndarray, " row"]:
        """Whether `trigger` holds at each row."""
        if isinstance(trigger, TokenSet):
            return np.isin(self.tokens, trigger.tokens)
        return np.concatenate([holds(trigger, c) for c in self.contexts])


class FeatureTable:
    """Every source and trigger of the language on some windows, computed once for all heads.

    Sources are lists of cells, 4 bytes an entry, one after the other in `cells`; the list of
    a source at a row starts at `starts` (source by source, row by row).
    """

    def __init__(self, windows: Windows):
        self.windows = windows
        self.sources = [FIRST_TOKEN, *all_sources()]
        self.triggers = all_triggers()
        grid = windows.grid
        lists = [windows.cells_of(s).astype(np.int32) for s in self.sources]
        counts = np.concatenate([np.bincount(grid.row[c], minlength=grid.n_rows) for c in lists])
        self.cells: Int[np.ndarray, " entry"] = np.concatenate(lists)
        self.starts: Int[np.ndarray, " source_row"] = (np.cumsum(counts) - counts).astype(np.int32)
        self._filled: Int[np.ndarray, " filled"] = np.flatnonzero(counts).astype(np.int32)
        self.holds: Bool[np.ndarray, "trigger row"] = np.array(
            [windows.rows_of(t) for t in self.triggers]
        )

    def source_sums(self, cells: Float[np.ndarray, " cell"]) -> Float[np.ndarray, "source row"]:
        """For each source and row, the sum over the keys that the source names."""
        sums = np.zeros(len(self.starts))
        if len(self.cells):
            sums[self._filled] = np.add.reduceat(cells[self.cells], self.starts[self._filled])
        return sums.reshape(len(self.sources), -1)

    def cells_of(self, source: Feature) -> Int[np.ndarray, " named"]:
        """As `Windows.cells_of`, looked up."""
        if isinstance(source, TokenSet):
            return self.windows.cells_of(source)
        n = self.windows.grid.n_rows
        bounds = [*self.starts[::n], len(self.cells)]
        i = self.sources.index(source)
        return self.cells[bounds[i] : bounds[i + 1]]

    def rows_of(self, trigger: Feature) -> Bool[np.ndarray, " row"]:
        """As `Windows.rows_of`, looked up."""
        if isinstance(trigger, TokenSet):
            return self.windows.rows_of(trigger)
        found: Bool[np.ndarray, " row"] = self.holds[self.triggers.index(trigger)]
        return found

    @property
    def n_bytes(self) -> int:
        """The memory of the lists."""
        return sum(a.nbytes for a in (self.cells, self.starts, self._filled, self.holds))

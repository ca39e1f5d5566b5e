"""The cells (query, key ≤ query) of some windows, laid out one after the other."""

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

# Upper ends of the bins of distance; the last bin is open.
BIN_ENDS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
N_BINS = len(BIN_ENDS) + 1


class Grid:
    """Rows are the queries of all windows in order, cells the keys that each may attend to."""

    def __init__(self, lengths: Sequence[int]):
        self.lengths = np.asarray(lengths, np.int64)
        self.query: Int[np.ndarray, " row"] = np.concatenate([np.arange(n) for n in lengths])
        self.window: Int[np.ndarray, " row"] = np.repeat(np.arange(len(lengths)), self.lengths)
        ends = np.cumsum(self.query + 1)
        self.starts: Int[np.ndarray, " row"] = ends - self.query - 1
        self.n_rows, self.n_cells = len(self.query), int(ends[-1])

    @functools.cached_property
    def row(self) -> Int[np.ndarray, " cell"]:
        """The row of each cell."""
        return np.repeat(np.arange(self.n_rows), self.query + 1)

    @functools.cached_property
    def key(self) -> Int[np.ndarray, " cell"]:
        """The key's position in its window."""
        return np.arange(self.n_cells) - self.starts[self.row]

    @functools.cached_property
    def bin(self) -> Int[np.ndarray, " cell"]:
        """The bin of the distance from key to query."""
        return np.searchsorted(BIN_ENDS, self.query[self.row] - self.key)

    @functools.cached_property
    def key_row(self) -> Int[np.ndarray, " cell"]:
        """The row at which the key is itself the query: where facts about its token stand."""
        return self.row - self.query[self.row] + self.key

    def flatten(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """The causal entries of one [query, key] matrix a window."""
        return np.concatenate([m[np.tri(len(m), dtype=bool)] for m in windows])

    def unflatten(self, cells: Float[np.ndarray, " cell"]) -> list[Float[np.ndarray, "query key"]]:
        """One [query, key] matrix a window, 0 above the diagonal."""
        parts = np.split(cells, np.cumsum(self.lengths * (self.lengths + 1) // 2)[:-1])
        found = []
        for n, part in zip(self.lengths, parts, strict=True):
            matrix = np.zeros((n, n))
            matrix[np.tri(n, dtype=bool)] = part
            found.append(matrix)
        return found

    def row_sums(self, cells: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " row"]:
        """The sum over the keys of each query."""
        return np.add.reduceat(cells, self.starts)

    def to_cells(self, rows: Float[np.ndarray, " row"]) -> Float[np.ndarray, " cell"]:
        """The value of each cell's row."""
        return np.repeat(rows, self.query + 1)

    def normalised(self, cells: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " cell"]:
        """Rows that sum to 1; a row of zeros stays so."""
        sums = self.row_sums(cells)
        return cells / self.to_cells(np.where(sums > 0, sums, 1.0))

    def softmax(
        self, scores: Float[np.ndarray, " cell"]
    ) -> tuple[Float[np.ndarray, " cell"], Float[np.ndarray, " row"]]:
        """The distribution over the keys of each query, and the log of its normaliser."""
        highest = np.maximum.reduceat(scores, self.starts)
        exponentials = np.exp(scores - self.to_cells(highest))
        sums = self.row_sums(exponentials)
        return exponentials / self.to_cells(sums), highest + np.log(sums)

    @functools.cached_property
    def not_first(self) -> Bool[np.ndarray, " cell"]:
        """Cells whose key is not position 0."""
        return self.key > 0

"""Features of windows: the cells that each source names, the rows at which a trigger holds."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from ..symbolic.context import Context
from ..symbolic.evaluate import holds, keys_of
from ..symbolic.language import (
    EVERYTHING,
    FIRST_TOKEN,
    NOT_SEEN_BEFORE,
    Expression,
    all_sources,
    all_triggers,
    parse_source,
    parse_trigger,
)
from .grid import BIN_ENDS, Grid

By = Literal["", "token", "key_kind", "query_kind", "distance"]
NO_TOKEN = -1
# Every token has one kind, the first of its classes in this order, or `other`.
KINDS = (
    *("special", "newline", "space", "digit", "sentence_end", "comma", "opening", "closing"),
    *("quote", "operator", "punctuation", "continuation", "negation", "determiner"),
    *("preposition", "conjunction", "pronoun", "auxiliary", "function_word", "capitals"),
    *("capitalised", "word", "other"),
)


@dataclass(frozen=True)
class Feature:
    """The keys of `source` at the queries of `trigger`, with one weight or several.

    `by` says what the weight depends on: nothing, the listed token (of the source or of the
    trigger), the kind (`KINDS`) of the key or of the query, or the bin of the distance.
    """

    source: Expression
    trigger: Expression
    by: By = ""

    @property
    def tokens(self) -> tuple[int, ...]:
        """The token ids that it lists, in order; empty if it lists none."""
        listing = self.source if self.source.is_list else self.trigger
        return tuple(int(t) for t in listing.arguments) if listing.is_list else ()

    def joined(self, other: "Feature") -> "Feature | None":
        """Both lists as one, this one first; None if they are not lists of the same place."""
        if not self.tokens or self.by != "token" or other.by != "token":
            return None
        tokens = (*self.tokens, *(t for t in other.tokens if t not in self.tokens))
        if self.source.is_list:
            joined = Feature(Expression(self.source.name, tokens), self.trigger, "token")
            same = (self.source.name, self.trigger) == (other.source.name, other.trigger)
        else:
            joined = Feature(self.source, Expression(self.trigger.name, tokens), "token")
            same = (self.source, self.trigger.name) == (other.source, other.trigger.name)
        return joined if same else None

    @property
    def n_levels(self) -> int:
        """The number of weights."""
        return len(self.levels)

    @property
    def levels(self) -> tuple[str, ...]:
        """What each weight is for: a token's id, a kind, a range of distances as `5-6`."""
        if self.by == "token":
            return tuple(map(str, self.tokens))
        if self.by in ("key_kind", "query_kind"):
            return KINDS
        if self.by == "distance":
            starts = (0, *(end + 1 for end in BIN_ENDS))
            ranges = [
                f"{a}-{b}" if a < b else f"{a}" for a, b in zip(starts, BIN_ENDS, strict=False)
            ]
            return (*ranges, f"{starts[-1]}-")
        return ("",)

    @property
    def is_profile(self) -> bool:
        """Whether it has a weight for each of many kinds or distances."""
        return self.by not in ("", "token")

    @property
    def complexity(self) -> int:
        """How much a reader has to keep in mind."""
        told = {"": 0, "token": 0, "key_kind": 5, "query_kind": 5, "distance": 3}[self.by]
        return self.source.complexity + self.trigger.complexity + told

    def __str__(self) -> str:
        return f"{self.source} when {self.trigger}" + (f" by {self.by}" if self.by else "")


class Term:
    """Where a feature is 1: its cells, and which of its weights each of them gets.

    `slots` numbers the pairs of row and weight, row by row.
    """

    def __init__(
        self,
        cells: Int[np.ndarray, " active"],
        level: Int[np.ndarray, " active"],
        n_levels: int,
        grid: Grid,
    ):
        self.cells, self.level, self.n_levels, self.grid = cells, level, n_levels, grid
        self.everywhere = len(cells) == grid.n_cells
        rows = grid.row if self.everywhere else grid.row[cells]
        self.slots: Int[np.ndarray, " active"] = rows * n_levels + level

    @functools.cached_property
    def of_cell(self) -> Int[np.ndarray, " cell"]:
        """1 + the level of each cell, 0 where the feature is 0."""
        found = np.zeros(self.grid.n_cells, np.int64)
        found[self.cells] = self.level + 1
        return found

    def at(self, cells: np.ndarray) -> np.ndarray:
        """The values at its cells."""
        return cells if self.everywhere else cells[self.cells]


class Windows:
    """The windows of a split: their contexts, cells and tokens (one a row)."""

    def __init__(self, contexts: Sequence[Context]):
        self.contexts = list(contexts)
        self.grid = Grid([c.length for c in contexts])
        self.tokens: Int[np.ndarray, " row"] = np.concatenate([c.tokens for c in contexts])
        self.kind: Int[np.ndarray, " row"] = np.concatenate([_kinds(c) for c in contexts])

    def cells_of(self, source: Expression) -> Int[np.ndarray, " named"]:
        """The cells that `source` names, in order."""
        return np.flatnonzero(self.grid.flatten([keys_of(source, c) for c in self.contexts]))

    def rows_of(self, trigger: Expression) -> Bool[np.ndarray, " row"]:
        """Whether `trigger` holds at each row."""
        return np.concatenate([holds(trigger, c) for c in self.contexts])


class FeatureTable:
    """Every source and trigger of the language on some windows, computed once for all heads.

    Sources are lists of cells, 4 bytes an entry, one after the other in `cells`; the list of
    a source at a row starts at `starts` (source by source, row by row). It answers as
    `Windows` does, without the text. `save` and `load` keep it in files that several
    processes map into memory.
    """

    def __init__(self, windows: Windows):
        self.sources = [FIRST_TOKEN, *all_sources()]
        self.triggers = all_triggers()
        self.grid, self.tokens, self.kind = windows.grid, windows.tokens, windows.kind
        grid = windows.grid
        lists = [windows.cells_of(s).astype(np.int32) for s in self.sources]
        counts = np.concatenate([np.bincount(grid.row[c], minlength=grid.n_rows) for c in lists])
        self.cells: Int[np.ndarray, " entry"] = np.concatenate(lists)
        self.starts: Int[np.ndarray, " source_row"] = (np.cumsum(counts) - counts).astype(np.int32)
        self.filled: Int[np.ndarray, " filled"] = np.flatnonzero(counts).astype(np.int32)
        self.holds: Bool[np.ndarray, "trigger row"] = np.array(
            [windows.rows_of(t) for t in self.triggers]
        )

    _ARRAYS = ("tokens", "kind", "cells", "starts", "filled", "holds")

    def save(self, folder: Path) -> None:
        """Write the table into `folder`, which is made: one .npy a list, and the names."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self._ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))
        np.save(folder / "lengths.npy", self.grid.lengths)
        (folder / "sources.txt").write_text("\n".join(map(str, self.sources)), "utf-8")
        (folder / "triggers.txt").write_text("\n".join(map(str, self.triggers)), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "FeatureTable":
        """The table that `save` wrote, its lists mapped into memory, read-only."""
        table = cls.__new__(cls)
        for name in cls._ARRAYS:
            setattr(table, name, np.load(folder / f"{name}.npy", mmap_mode="r"))
        table.grid = Grid(np.load(folder / "lengths.npy").tolist())
        table.sources = [
            parse_source(s) for s in (folder / "sources.txt").read_text("utf-8").splitlines()
        ]
        table.triggers = [
            parse_trigger(t) for t in (folder / "triggers.txt").read_text("utf-8").splitlines()
        ]
        return table

    def source_sums(self, cells: Float[np.ndarray, " cell"]) -> Float[np.ndarray, "source row"]:
        """For each source and row, the sum over the keys that the source names."""
        sums = np.zeros(len(self.starts), cells.dtype)
        if len(self.cells):
            sums[self.filled] = np.add.reduceat(cells[self.cells], self.starts[self.filled])
        return sums.reshape(len(self.sources), -1)

    def cells_of(self, source: Expression) -> Int[np.ndarray, " named"]:
        """As `Windows.cells_of`, looked up."""
        if source.is_list:
            rows = np.isin(listed_by(source.name, self), source.arguments)
            named = rows[self.grid.key_row] & self.grid.not_first
            return np.flatnonzero(named)
        if source == EVERYTHING:
            return np.flatnonzero(self.grid.not_first)
        n = self.grid.n_rows
        i = self.sources.index(source)
        end = self.starts[(i + 1) * n] if i + 1 < len(self.sources) else len(self.cells)
        return self.cells[self.starts[i * n] : end]

    def rows_of(self, trigger: Expression) -> Bool[np.ndarray, " row"]:
        """As `Windows.rows_of`, looked up."""
        if trigger.is_list:
            return np.isin(self.tokens, trigger.arguments)
        found: Bool[np.ndarray, " row"] = self.holds[self.triggers.index(trigger)]
        return found

    @property
    def n_bytes(self) -> int:
        """The memory of the lists."""
        return sum(getattr(self, name).nbytes for name in self._ARRAYS)


Texts = Windows | FeatureTable


def listed_by(place: str, texts: Texts) -> Int[np.ndarray, " row"]:
    """The token for which a list of `SOURCE_LISTS` names the key of each row, or NO_TOKEN."""
    if place == "after_tokens":
        return np.roll(texts.tokens, 1)  # of position 0 too, which no list names
    if place == "new_tokens":
        return np.where(texts.rows_of(NOT_SEEN_BEFORE), texts.tokens, NO_TOKEN)
    return texts.tokens


def term_of(feature: Feature, texts: Texts) -> Term:
    """The cells at which a feature is 1, with their levels."""
    grid = texts.grid
    cells = texts.cells_of(feature.source)
    if feature.trigger.name != "any":
        cells = cells[texts.rows_of(feature.trigger)[grid.row[cells]]]
    level = np.zeros(len(cells), np.int64)
    if feature.by == "distance":
        level = grid.bin[cells]
    elif feature.by == "key_kind":
        level = texts.kind[grid.key_row[cells]].astype(np.int64)
    elif feature.by == "query_kind":
        level = texts.kind[grid.row[cells]].astype(np.int64)
    elif feature.by == "token":
        if feature.source.is_list:
            listed = listed_by(feature.source.name, texts)[grid.key_row[cells]]
        else:
            listed = texts.tokens[grid.row[cells]]
        order = np.argsort(feature.tokens)
        level = order[np.searchsorted(feature.tokens, listed, sorter=order)]
    return Term(cells, level, feature.n_levels, grid)


def _kinds(context: Context) -> Int[np.ndarray, " token"]:
    """The number of each token's kind."""
    classes = np.array([context.classes[name] for name in KINDS[:-1]])
    return np.where(classes.any(axis=0), classes.argmax(axis=0), len(KINDS) - 1).astype(np.int8)

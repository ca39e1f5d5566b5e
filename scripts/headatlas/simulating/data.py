"""What a simulator learns from: what heads did in the sampled windows of finished runs.

Numbers are in files that are mapped into memory, so that memory grows neither with the heads nor
with the windows. Symbols: W windows, T tokens of a window, H heads of a run, F features.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int, Shaped

from ..clustering.embeddings import behaviour_text
from ..errors import InputError
from ..explainers.logit.features import FeatureTable
from ..explainers.symbolic.windows import read_features
from ..measures import simulation_correlation
from ..predictions import read_activation
from ..reading.alike import Head
from ..reading.atlas import Atlas
from ..records.base import SPLITS, Split
from ..records.events import EVENTS
from ..storage import read_chunks

BUCKETS = 4096  # of tokens: the same token is in the same bucket of every tokenizer
BACK = 4  # tokens that are seen: the current one, and those before it
_COLUMNS = ("layer", "head", "split", "kind", "window", "document", "activation", "pieces")
_CHUNK = 256


class HeadSeen(NamedTuple):
    """A head, what is said of it, and its rows in the arrays of its run."""

    head: Head
    text: str
    row: int
    mean: float  # of its activation on train windows
    deviation: float
    prompted: float | None = None  # correlation by a language model that was asked, on passages


class RunSeen(NamedTuple):
    """The windows of one run, one token after the other; arrays are mapped into memory.

    `programs` is what executed explanations predict, NaN where they predict nothing.
    """

    name: str
    heads: list[HeadSeen]
    split: Shaped[np.ndarray, " token"]
    counted: Bool[np.ndarray, " token"]  # all but the first token of each window
    window: Int[np.ndarray, " token"]
    documents: dict[int, str]  # of each window
    tokens: Int[np.ndarray, "token back"]
    features: Float[np.ndarray, "token feature"]
    activation: Float[np.ndarray, "head token"]
    programs: Float[np.ndarray, "head token"]

    def rows(self, split: Split) -> Int[np.ndarray, " row"]:
        """The tokens of a split that count."""
        return np.flatnonzero((self.split == split) & self.counted)


def heads_explained(atlas: Atlas) -> list[str]:
    """The heads that have an explanation to learn from."""
    return [name for name in atlas.heads["name"] if atlas.head(name).status == "explained"]


def read_run(atlas: Atlas, folder: Path) -> RunSeen:
    """What there is of a finished run that is still in `results/`; arrays are made in `folder`.

    Heads without an explanation are left out. Raises InputError if a file is missing.
    """
    run = atlas.folder.absolute().parents[2]
    tables = {split: read_features(run / "features", split) for split in SPLITS}
    places = _places(tables)
    tokens = sum(table.grid.n_rows for table, _ in tables.values())
    explained = heads_explained(atlas)
    folder.mkdir(parents=True)
    activation = _array(folder / "activation.npy", (len(explained), tokens))
    programs = _array(folder / "programs.npy", (len(explained), tokens))
    seen = _array(folder / "tokens.npy", (tokens, BACK), np.int16)
    programs[:] = np.nan
    rows = {atlas.place_of(name): row for row, name in enumerate(explained)}
    events = atlas.folder / "raw_events.parquet"
    documents = _fill(events, rows, places, activation, seen)
    round_ = run / atlas.record.explainer / f"round{atlas.record.round}"
    for name, row in zip(explained, rows.values(), strict=True):
        _fill_program(
            round_ / "predictions" / f"{name}.parquet", atlas.place_of(name), row, places, programs
        )
    split = np.concatenate([np.repeat(s, tables[s][0].grid.n_rows) for s in SPLITS])
    counted = np.concatenate([tables[s][0].grid.query > 0 for s in SPLITS])
    numbers = [np.asarray(tables[s][1])[tables[s][0].grid.window] for s in SPLITS]
    train = np.flatnonzero((split == "train") & counted)
    heads, prompted = [], _prompted(atlas)
    for name, row in zip(explained, rows.values(), strict=True):
        own = np.asarray(activation[row, train], dtype=float)
        deviation = float(own.std()) or 1.0
        text = behaviour_text(atlas.head(name))
        words_alone = atlas.head(name).program is None
        asked = prompted.get(atlas.place_of(name)) if words_alone else None
        mean = float(own.mean())
        heads.append(HeadSeen((atlas.record.model, name), text, row, mean, deviation, asked))
    return RunSeen(
        atlas.run, heads, split, counted, np.concatenate(numbers), documents, seen,
        _features(folder / "features.npy", [tables[s][0] for s in SPLITS]), activation, programs,
    )  # fmt: skip


def unseen(runs: Sequence[RunSeen]) -> list[RunSeen]:
    """The runs without the test windows of documents that are train text of one of them."""
    train = {
        run.documents[int(window)]
        for run in runs
        for window in np.unique(run.window[run.split == "train"])
    }
    found = []
    for run in runs:
        known = [number for number, document in run.documents.items() if document in train]
        again = (run.split == "test") & np.isin(run.window, known)
        found.append(run._replace(counted=run.counted & ~again))
    return found


def bucket(piece: str) -> int:
    """The bucket of a token, from 1; 0 stands for none."""
    return 1 + zlib.crc32(piece.encode("utf-8", "replace")) % (BUCKETS - 1)


def _places(tables: dict[Split, tuple[FeatureTable, list[int]]]) -> dict[tuple[str, int], slice]:
    """Where the tokens of each window stand, by its split and number."""
    places: dict[tuple[str, int], slice] = {}
    start = 0
    for split, (table, numbers) in tables.items():
        for number, length in zip(numbers, table.grid.lengths, strict=True):
            places[split, number] = slice(start, start + int(length))
            start += int(length)
    return places


def _array(path: Path, shape: tuple[int, ...], kind: type = np.float32) -> np.ndarray:
    return np.lib.format.open_memmap(path, "w+", kind, shape)


def _fill(
    path: Path,
    rows: dict[tuple[int, int], int],
    places: dict[tuple[str, int], slice],
    activation: np.ndarray,
    tokens: np.ndarray,
) -> dict[int, str]:
    """What heads did in the sampled windows, and the tokens of these; a chunk is in memory.

    Returns the document of each window.
    """
    documents: dict[int, str] = {}
    for batch in read_chunks(path, EVENTS, _COLUMNS, _CHUNK):
        for event in batch.to_pylist():
            row, window = (
                rows.get((event["layer"], event["head"])),
                (event["split"], event["window"]),
            )
            if event["kind"] != "random" or row is None:
                continue
            if window not in places:
                raise InputError(f"{path}: window {window[1]} has no features; run again")
            activation[row, places[window]] = event["activation"]
            if window[1] not in documents:
                documents[window[1]] = event["document"]
                own = np.array([bucket(piece) for piece in event["pieces"]])
                for back in range(BACK):
                    tokens[places[window], back] = np.pad(own, (back, 0))[: len(own)]
    return documents


def _fill_program(
    path: Path,
    at: tuple[int, int],
    row: int,
    places: dict[tuple[str, int], slice],
    programs: np.ndarray,
) -> None:
    if not path.is_file():
        return  # an explanation in words alone
    numbers = {number: place for (_, number), place in places.items()}
    for window, predicted in read_activation(path, at).items():
        programs[row, numbers[window]] = predicted


def _prompted(atlas: Atlas) -> dict[tuple[int, int], float | None]:
    """What a language model that was asked for levels scored on test passages, by head."""
    of_levels = (pl.col("metric") == simulation_correlation.MEASURE.name) & (
        pl.col("split") == "test"
    )
    rows = atlas.scores.filter(of_levels).select("layer", "head", "value").iter_rows()
    return {(layer, head): value for layer, head, value in rows}


def _features(path: Path, tables: Sequence[FeatureTable]) -> np.ndarray:
    """Of each token: which triggers hold, which sources name a key, and how far it is along."""
    width = len(tables[0].triggers) + len(tables[0].sources) + 1
    found = _array(path, (sum(t.grid.n_rows for t in tables), width))
    start = 0
    for table in tables:
        rows, part = table.grid.n_rows, slice(start, start + table.grid.n_rows)
        named = np.zeros(len(table.sources) * rows, bool)
        named[table.filled] = True
        found[part] = np.column_stack(
            [table.holds.T, named.reshape(-1, rows).T, np.log1p(table.grid.query) / 5]
        )
        start += rows
    return found

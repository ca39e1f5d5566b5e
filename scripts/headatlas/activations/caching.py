"""One forward pass per window fills the tables of every layer."""

import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformer_lens.model_bridge import TransformerBridge

from ..progress import Progress
from ..records.activations import ACTIVATIONS, HEAD_METRICS
from ..records.windows import WINDOWS
from ..storage import TableWriter, count_rows, read_chunks, table_writer
from ..subjects.writing import writing_of
from ..tokens.delimiters import is_delimiter
from .norm import Norm
from .passes import run_hooked
from .reducer import Batch, LayerReducer, Reduced

_ROW_GROUP = 4 * 2**20  # bytes of a layer's table that are held before they are written


def read_batches(
    path: Path, size: int, shard: int, shards: int, *, only_sampled: bool = False
) -> Iterator[Batch]:
    """The windows of one shard, or the sampled of them, batch by batch.

    A shard is a run of consecutive windows.
    """
    count = count_rows(path, WINDOWS)
    first, last = count * shard // shards, count * (shard + 1) // shards
    columns = ["window", "split", "sampled", "tokens", "pieces"]
    seen = 0
    rows: list[dict[str, Any]] = []
    for chunk in read_chunks(path, WINDOWS, columns, 1024):
        own = chunk.slice(max(first - seen, 0), max(last - max(seen, first), 0))
        rows += (own.filter(own.column("sampled")) if only_sampled else own).to_pylist()
        seen += len(chunk)
        while len(rows) >= size:
            yield _batch(rows[:size])
            rows = rows[size:]
    if rows:
        yield _batch(rows)


def _batch(rows: list[dict[str, Any]]) -> Batch:
    return Batch(
        windows=np.array([row["window"] for row in rows], np.int32),
        splits=[row["split"] for row in rows],
        sampled=np.array([row["sampled"] for row in rows], bool),
        tokens=torch.tensor([row["tokens"] for row in rows]),
        delimiters=torch.tensor([[is_delimiter(p) for p in row["pieces"]] for row in rows]),
    )


class LayerTable:
    """Collects what a layer leaves of each batch and has it written in row groups.

    Writing goes on in `background` while the model runs; at most one row group is being
    written and one collected. What goes wrong there is raised by the next `flush` or `finish`.
    """

    def __init__(self, writer: TableWriter, background: Executor):
        self._writer, self._background = writer, background
        self._writing: Future[None] | None = None
        self._pending: list[dict[str, pa.Array]] = []
        self._bytes = 0

    def add(self, batch: Batch, reduced: Reduced) -> None:
        # Copies in Arrow's own memory: the small arrays, were they kept, would pin the pages
        # around them that the forward pass has let go.
        columns = {n: pa.concat_arrays([c]) for n, c in _columns(batch, reduced).items()}
        self._pending.append(columns)
        self._bytes += sum(column.nbytes for column in columns.values())
        if self._bytes >= _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Hand over what was collected."""
        self.finish()
        if self._pending:
            self._writing = self._background.submit(self._write, self._pending)
        self._pending, self._bytes = [], 0

    def finish(self) -> None:
        """Wait until what was handed over is written."""
        if self._writing is not None:
            self._writing.result()

    def _write(self, parts: list[dict[str, pa.Array]]) -> None:
        names = ACTIVATIONS.names
        self._writer.write({n: pa.concat_arrays([part[n] for part in parts]) for n in names})


def _columns(batch: Batch, reduced: Reduced) -> dict[str, pa.Array]:
    """Rows of `records.activations.ACTIVATIONS`, window by window and head by head."""
    windows, heads, tokens = reduced.activation.shape
    kept = reduced.kept.ravel()
    measured = np.repeat(batch.sampled, heads)
    columns = {
        "window": pa.array(np.repeat(batch.windows, heads)),
        "head": pa.array(np.tile(np.arange(heads, dtype=np.int16), windows)),
        "activation": _lists(reduced.activation.reshape(windows * heads, tokens)),
        "keys": _lists(_flat_rows(reduced.attention.keys), kept),
        "weights": _lists(_flat_rows(reduced.attention.weights), kept),
        "value_norm": _lists(reduced.attention.value_norm, kept),
        "attention": _lists(reduced.rows.reshape(-1, reduced.rows.shape[-1]), measured),
    }
    for metric in HEAD_METRICS:
        values = np.full(windows * heads, np.nan, np.float32)
        values[measured] = reduced.metrics[metric].ravel()
        columns[metric] = pa.array(values, from_pandas=True)  # NaN becomes null
    return columns


def _flat_rows(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), rows.shape[1] * rows.shape[2])


def _lists(rows: np.ndarray, present: np.ndarray | None = None) -> pa.ListArray:
    """One list per row of a matrix; where `present` is false the list is null."""
    present = np.ones(len(rows), bool) if present is None else present
    lengths = np.where(present, rows.shape[1], 0)
    offsets = np.concatenate([[0], lengths.cumsum()]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(rows.ravel()), mask=pa.array(~present)
    )


def cache_activations(
    bridge: TransformerBridge,
    windows: Path,
    outputs: dict[int, Path],
    *,
    shard: int,
    shards: int,
    kind: Norm,
    top_windows: int,
    top_keys: int,
    batch_size: int,
    only_sampled: bool = False,
) -> None:
    """Write the table of each layer in `outputs` for one shard of the windows, or its sampled ones.

    Memory holds one batch, one layer's pattern and at most two row groups of each layer,
    however many windows there are. All tables appear when all are complete.
    """
    layers = sorted(outputs)
    reducers = {
        layer: LayerReducer(
            writing_of(bridge, layer), kind=kind, top_windows=top_windows, keys_kept=top_keys
        )
        for layer in layers
    }
    progress, started, done = Progress(), time.monotonic(), 0
    with ExitStack() as stack:
        writers = {n: stack.enter_context(table_writer(outputs[n], ACTIVATIONS)) for n in layers}
        background = stack.enter_context(ThreadPoolExecutor(torch.get_num_threads()))
        tables = {layer: LayerTable(writers[layer], background) for layer in layers}
        batches = read_batches(windows, batch_size, shard, shards, only_sampled=only_sampled)
        for batch in batches:
            hooks = []
            for layer in layers:
                hooks += reducers[layer].hooks(layer, batch, partial(tables[layer].add, batch))
            run_hooked(bridge, batch.tokens, hooks)
            done += len(batch.windows)
            speed = done * batch.tokens.shape[1] / (time.monotonic() - started)
            progress(f"shard {shard}: {done} windows, {speed:,.0f} tokens/s")
        for table in tables.values():
            table.flush()
        for table in tables.values():
            table.finish()

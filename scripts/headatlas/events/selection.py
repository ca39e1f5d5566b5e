"""From the activations of a layer to the table of its events and that of its metrics."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ..records.activations import ACTIVATIONS, HEAD_METRICS
from ..records.base import SPLITS
from ..records.events import EVENTS
from ..records.stats import STATS
from ..records.windows import WINDOWS
from ..storage import read_table, table_writer, write_rows
from .context_kind import context_kind
from .exemplars import Candidate, Chosen, choose

# What an event has of the row that caching left of its window.
_OF_ROW = ("activation", "keys", "weights", "value_norm", "attention")
_OF_TEXT = ("split", "window", "document", "tokens", "pieces")


def read_kept_rows(activations: Sequence[Path]) -> pa.Table:
    """The rows of all shards whose attention was kept.

    Caching keeps a number of windows per head that hardly grows with the corpus. They stay in
    Arrow's memory, where a weight takes two bytes, not the 32 of a Python number.
    """
    columns, kept = ["window", "head", *_OF_ROW], pc.field("keys").is_valid()
    return pa.concat_tables(read_table(path, ACTIVATIONS, columns, kept) for path in activations)


def read_windows(path: Path, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The given windows by number; the rest of the corpus is not held."""
    wanted = pc.field("window").isin(sorted(set(numbers)))
    rows = read_table(path, WINDOWS, where=wanted).to_pylist()
    return {row["window"]: row for row in rows}


def select_events(
    windows: Path,
    activations: Sequence[Path],
    *,
    layer: int,
    heads: Sequence[int],
    top: int,
    top_windows: int,
    quantiles: int,
    per_quantile: int,
    seed: int,
    out: Path,
) -> None:
    """Write the exemplars of the given heads of a layer, a row group for each head."""
    kept = read_kept_rows(activations)
    of_heads = kept.filter(pc.field("head").isin(heads)).column("window")
    texts = read_windows(windows, of_heads.unique().to_pylist())
    with table_writer(out, EVENTS) as writer:
        for head in heads:
            rows = kept.filter(pc.field("head") == head)
            chosen = []
            for split in SPLITS:
                chosen += choose(
                    _candidates(rows, texts, split),
                    top=top,
                    top_windows=top_windows,
                    quantiles=quantiles,
                    per_quantile=per_quantile,
                    rng=np.random.default_rng([seed, layer, head, SPLITS.index(split)]),
                )
            writer.write(_events(layer, head, chosen, rows, texts))


def _candidates(rows: pa.Table, texts: dict[int, dict[str, Any]], split: str) -> list[Candidate]:
    return [
        Candidate(
            window=number,
            sampled=texts[number]["sampled"],
            tokens=np.array(texts[number]["tokens"]),
            activation=np.asarray(activation.values).astype(np.float32),
        )
        for number, activation in zip(
            rows.column("window").to_pylist(), rows.column("activation"), strict=True
        )
        if texts[number]["split"] == split
    ]


def _events(
    layer: int,
    head: int,
    chosen: Sequence[Chosen],
    rows: pa.Table,
    texts: dict[int, dict[str, Any]],
) -> dict[str, pa.ChunkedArray]:
    """Columns of `records.events.EVENTS`; whole attention is of random windows alone."""
    cells = []
    for kind, rank, candidate in chosen:
        text = texts[candidate.window]
        cells.append(
            {"layer": layer, "head": head, "kind": kind, "rank": rank}
            | {"query": candidate.query, "peak": candidate.peak}
            | {"context_kind": context_kind(text["pieces"])}
            | {name: text[name] for name in _OF_TEXT}
        )
    of_row = {name: EVENTS.field(name).type for name in _OF_ROW}
    of_text = pa.schema([field for field in EVENTS if field.name not in of_row])
    table = pa.Table.from_pylist(cells, schema=of_text)
    columns = {name: table.column(name) for name in of_text.names}
    place = {number: n for n, number in enumerate(rows.column("window").to_pylist())}
    places = pa.array([place[candidate.window] for _, _, candidate in chosen], pa.int64())
    whole = pc.if_else(pc.equal(table.column("kind"), "random"), places, None)
    for name, kind in of_row.items():
        taken = rows.column(name).take(whole if name == "attention" else places)
        columns[name] = taken.cast(kind)
    return columns


def write_stats(
    windows: Path,
    activations: Sequence[Path],
    *,
    layer: int,
    heads: Sequence[int],
    bootstrap: int,
    seed: int,
    out: Path,
) -> None:
    """Write each metric's mean over the sampled windows with its bootstrap interval.

    Test windows are left out, because explainers may be shown these figures.
    """
    sampled = pc.field("sampled") & (pc.field("split") != "test")
    numbers = read_table(windows, WINDOWS, ["window"], sampled)
    seen = pc.field("window").isin(numbers.column("window").combine_chunks())
    columns = ["head", *HEAD_METRICS]
    table = pa.concat_tables(read_table(p, ACTIVATIONS, columns, seen) for p in activations)
    rows = []
    for head in heads:
        own = table.filter(pc.field("head") == head)
        rng = np.random.default_rng([seed, layer, head])
        for metric in HEAD_METRICS:
            values = own.column(metric).drop_null().to_numpy()
            if len(values):
                value, low, high = mean_interval(values, bootstrap, rng)
                rows.append(
                    {"layer": layer, "head": head, "metric": metric, "n": len(values)}
                    | {"value": value, "low": low, "high": high}
                )
    write_rows(out, rows, STATS)


def mean_interval(
    values: Float[np.ndarray, " n"], resamples: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Mean and the 95 % percentile interval of its bootstrap."""
    draws = rng.integers(len(values), size=(resamples, len(values)))
    means = values[draws].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)

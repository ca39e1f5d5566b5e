"""From the activations of a layer to the table of its events and that of its metrics."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jaxtyping import Float

from ..records import ACTIVATIONS, EVENTS, HEAD_METRICS, SPLITS, STATS, WINDOWS
from ..storage import check_schema, read_table, table_writer, write_rows
from .context_kind import context_kind
from .exemplars import Candidate, Chosen, choose


def read_head_rows(activations: Sequence[Path], head: int) -> pa.Table:
    """The rows of one head, in all shards, whose attention was kept."""
    kept = (pc.field("head") == head) & pc.field("keys").is_valid()
    return pa.concat_tables(pq.read_table(p, filters=kept, partitioning=None) for p in activations)


def read_windows(path: Path, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The given windows by number; the rest of the corpus is not held."""
    check_schema(path, WINDOWS)
    wanted = pc.field("window").isin(sorted(set(numbers)))
    rows = pq.read_table(path, filters=wanted, partitioning=None).to_pylist()
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
    """Write the exemplars of the given heads of a layer, one head after the other."""
    for path in activations:
        check_schema(path, ACTIVATIONS)
    with table_writer(out, EVENTS) as writer:
        for head in heads:
            rows = {row["window"]: row for row in read_head_rows(activations, head).to_pylist()}
            texts = read_windows(windows, rows)
            events = []
            for split in SPLITS:
                candidates = [
                    Candidate(
                        window=number,
                        sampled=texts[number]["sampled"],
                        tokens=np.array(texts[number]["tokens"]),
                        salience=np.array(row["salience"], np.float32),
                    )
                    for number, row in sorted(rows.items())
                    if texts[number]["split"] == split
                ]
                chosen = choose(
                    candidates,
                    top=top,
                    top_windows=top_windows,
                    quantiles=quantiles,
                    per_quantile=per_quantile,
                    rng=np.random.default_rng([seed, layer, head, SPLITS.index(split)]),
                )
                events += [_event(layer, head, c, rows, texts) for c in chosen]
            table = pa.Table.from_pylist(events, schema=EVENTS)
            writer.write({name: table.column(name) for name in EVENTS.names})


def _event(
    layer: int,
    head: int,
    chosen: Chosen,
    rows: dict[int, dict[str, Any]],
    texts: dict[int, dict[str, Any]],
) -> dict[str, Any]:
    candidate = chosen.candidate
    row, text = rows[candidate.window], texts[candidate.window]
    return {
        "layer": layer,
        "head": head,
        "kind": chosen.kind,
        "rank": chosen.rank,
        "query": candidate.query,
        "peak": candidate.peak,
        "context_kind": context_kind(text["pieces"]),
        **{name: text[name] for name in ("split", "window", "document", "tokens", "pieces")},
        **{name: row[name] for name in ("salience", "keys", "weights", "value_norm")},
    }


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
    numbers = read_table(windows, WINDOWS, ["window", "split"]).to_pylist()
    test = pa.array([row["window"] for row in numbers if row["split"] == "test"], pa.int32())
    seen = ~pc.field("window").isin(test)
    columns = ["head", *HEAD_METRICS]
    table = pa.concat_tables(
        pq.read_table(p, columns=columns, filters=seen, partitioning=None) for p in activations
    )
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

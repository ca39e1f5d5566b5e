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


def read_kept_rows(activations: Sequence[Path]) -> dict[int, dict[int, dict[str, Any]]]:
    """The rows of all shards whose attention was kept, by head and window.

    Caching keeps a number of windows per head that hardly grows with the corpus.
    """
    rows: dict[int, dict[int, dict[str, Any]]] = {}
    columns = ["window", "head", "activation", "keys", "weights", "value_norm"]
    for path in activations:
        table = read_table(path, ACTIVATIONS, columns, pc.field("keys").is_valid())
        for row in table.to_pylist():
            rows.setdefault(row["head"], {})[row["window"]] = row
    return rows


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
    texts = read_windows(windows, (number for head in heads for number in kept[head]))
    with table_writer(out, EVENTS) as writer:
        for head in heads:
            events = []
            for split in SPLITS:
                chosen = choose(
                    _candidates(kept[head], texts, split),
                    top=top,
                    top_windows=top_windows,
                    quantiles=quantiles,
                    per_quantile=per_quantile,
                    rng=np.random.default_rng([seed, layer, head, SPLITS.index(split)]),
                )
                events += [_event(layer, head, c, kept[head], texts) for c in chosen]
            table = pa.Table.from_pylist(events, schema=EVENTS)
            writer.write({name: table.column(name) for name in EVENTS.names})


def _candidates(
    rows: dict[int, dict[str, Any]], texts: dict[int, dict[str, Any]], split: str
) -> list[Candidate]:
    return [
        Candidate(
            window=number,
            sampled=texts[number]["sampled"],
            tokens=np.array(texts[number]["tokens"]),
            activation=np.array(row["activation"], np.float32),
        )
        for number, row in sorted(rows.items())
        if texts[number]["split"] == split
    ]


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
        **{name: row[name] for name in ("activation", "keys", "weights", "value_norm")},
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

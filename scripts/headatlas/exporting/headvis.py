"""An atlas in the format of HeadVis, with explanations and scores beside its own figures.

Luger, Kamath et al. 2026 (https://transformer-circuits.pub/2026/headvis). Its frontend reads a
folder with `config.json`, `scatter_data.json` and `heads/L{layer}H{head}.json` and shows what it
knows of it. Activation is there the largest attention weight of a window, row 0 and column 0 left
out.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Float, Int

from ..event_rows import Event, events_of
from ..measures import MEASURES
from ..reading.atlas import Atlas
from ..records.events import EVENTS
from ..records.explanation import Explanation
from ..reporting.catalogue import METRICS
from ..storage import read_table, write_text
from .labelled import SAID

INTERVALS = 5  # of equal size, by activation
KEYS, SMALLEST = 8, 0.005  # weights kept of each query: the largest, and none below
TOKENS = 50  # in a table of tokens
DIGITS = 4
_BINS = np.linspace(0, 1, 21)  # of activation
# Its names of our head metrics, of which it has six.
NAMES = {
    "current_token": "self_attention_score",
    "previous_token": "previous_token_score",
    "entropy": "pattern_entropy",
    "distance_mean": "qk_distance",
    "distance_variance": "qk_distance_variance",
    "induction": "induction_score",
}
TOLD = (*SAID, "summary", "writes", "depends")  # in words, in every row and every head's file
Row = dict[str, Any]


def write_headvis(atlas: Atlas, folder: Path) -> None:
    """Write the data of HeadVis's frontend into `folder`; one layer is in memory at a time.

    The sequences of a head are its exemplars on test text.
    """
    rows = atlas.heads.to_dicts()
    axes = [m.name for m in METRICS] + [name for m in MEASURES for name in m.names]
    axes = [name for name in axes if name in atlas.heads.columns]
    _write(folder / "config.json", _config(atlas, rows, axes))
    _write(folder / "scatter_data.json", [_scatter_row(row, axes) for row in rows])
    for layer in sorted({row["layer"] for row in rows}):
        where = (pc.field("layer") == layer) & (pc.field("split") == "test")
        events = read_table(atlas.folder / "raw_events.parquet", EVENTS, where=where)
        for row in (row for row in rows if row["layer"] == layer):
            own = events_of(events.filter(pc.field("head") == row["head"]))
            explanation = atlas.head(layer, row["head"])
            name = f"L{layer}H{row['head']}.json"
            _write(folder / "heads" / name, _head(explanation, row, axes, own))
    for name in ("server_config.json", "attributions/manifest.json"):  # there is no server
        _write(folder / name, {})


def _config(atlas: Atlas, rows: Sequence[Row], axes: Sequence[str]) -> Row:
    described = {metric.name: metric.definition for metric in METRICS}
    described |= {measure.name: measure.definition for measure in MEASURES}
    record = atlas.record
    model = record.recipe.configuration.get("models", {}).get(record.model, {})
    layers, heads = ([row[key] for row in rows] for key in ("layer", "head"))
    statistics = {m.name: m.label for m in MEASURES if m.name in axes}
    return {
        "model_name": record.model,
        "dataset_name": record.corpus,
        "heads": [[row["layer"], row["head"]] for row in rows],
        "n_layers": model.get("n_layers", max(layers, default=-1) + 1),
        "n_heads": model.get("n_heads", max(heads, default=-1) + 1),
        "n_intervals": INTERVALS,
        "metrics": [NAMES.get(name, name) for name in axes],
        "metric_descriptions": {NAMES.get(n, n): described[n] for n in axes if n in described},
        "head_data_pattern": "L{layer}H{head}.json",
        "has_umap": False,
        "umap_heads": [],
        "custom_plots": [
            {"key": "qk_distance_histogram", "label": "Q-K distance, by attention"},
            {"key": "histogram", "label": "Largest attention of random windows"},
        ],
        "custom_tables": [
            {"key": "behaviours", "label": "Explanation, by share of attention"},
            {"key": "top_query_tokens", "label": "Top query tokens"},
            {"key": "top_key_tokens", "label": "Top key tokens"},
        ],
        "statistics_display": {
            "mean_max_activation": {"label": "Mean largest attention", "format": "default"},
            **{name: {"label": label, "format": "default"} for name, label in statistics.items()},
        },
        "run": record.model_dump(),
    }


def _scatter_row(row: Mapping[str, Any], axes: Sequence[str]) -> Row:
    """The figures of a head, rounded, and what is said of it."""
    said = {name: row[name] for name in TOLD}
    figures = {NAMES.get(name, name): _rounded(row[name]) for name in axes}
    return {"layer": row["layer"], "head": row["head"], **figures, **said}


def _head(
    explanation: Explanation, row: Mapping[str, Any], axes: Sequence[str], events: Sequence[Event]
) -> Row:
    windows = {event.window: event for event in events}  # one may be of several kinds
    attention = {window: kept(event.keys, event.weights) for window, event in windows.items()}
    largest = {
        window: float(pattern[1:, 1:].max(initial=0)) for window, pattern in attention.items()
    }
    random = [largest[event.window] for event in events if event.kind == "random"]
    limits = boundaries(random or list(largest.values()))
    figures = {name: _rounded(row[name]) for m in MEASURES for name in m.names if name in axes}
    return {
        "sequences": [
            _sequence(event, attention[window], largest[window], limits)
            for window, event in sorted(windows.items())
        ],
        "qk_distance_histogram": distance_histogram(list(attention.values())),
        "top_query_tokens": _top_tokens(windows, attention, 1),
        "top_key_tokens": _top_tokens(windows, attention, 0),
        "histogram": {
            "bin_edges": _BINS.round(DIGITS).tolist(),
            "bin_values": np.histogram(random, _BINS)[0].tolist(),
        },
        "statistics": {
            "n_samples": len(windows),
            "mean_max_activation": _rounded(float(np.mean(random))) if random else None,
            **figures,
        },
        "behaviours": [
            {
                "token": f"{b.attends_to}{', when ' if b.active_when else ''}{b.active_when}",
                "weight": _rounded(b.share) or 0,
            }
            for b in explanation.behaviours
        ],
        "explanation": {name: row[name] for name in (*TOLD, "reason", "twins")}
        | {"behaviours": [b.model_dump() for b in explanation.behaviours]},
    }


def _sequence(
    event: Event,
    attention: Float[np.ndarray, "query key"],
    largest: float,
    limits: Float[np.ndarray, " limits"],
) -> Row:
    indices = np.flatnonzero(attention)
    return {
        "sequence_id": event.window,
        "interval": 1 + int(np.searchsorted(limits, largest, side="right")),
        "tokens": list(event.pieces),
        "attention_indices": indices.tolist(),
        "attention_values": attention.ravel()[indices].round(DIGITS).tolist(),
        "seq_len": len(event.pieces),
        "max_activation": _rounded(largest),
    }


def kept(
    keys: Int[np.ndarray, "query kept"], weights: Float[np.ndarray, "query kept"]
) -> Float[np.ndarray, "query key"]:
    """The attention that is exported: of each query the KEYS largest weights, from SMALLEST on."""
    wanted = np.where((keys >= 0) & (weights >= SMALLEST), weights, 0)
    order = np.argsort(-wanted, axis=1, kind="stable")[:, :KEYS]
    largest, of = (np.take_along_axis(values, order, axis=1) for values in (wanted, keys))
    queries, slots = np.nonzero(largest)
    attention = np.zeros((len(keys), len(keys)))
    attention[queries, of[queries, slots]] = largest[queries, slots]
    return attention


def boundaries(largest: Sequence[float]) -> Float[np.ndarray, " limits"]:
    """Where the intervals of activation end, but for the last: as many values are in each."""
    return np.quantile(largest, np.arange(1, INTERVALS) / INTERVALS) if largest else np.zeros(0)


def distance_histogram(attention: Sequence[Float[np.ndarray, "query key"]]) -> Row:
    """Attention by the distance from query to key, in bins [0, 1), [1, 2), [2, 4), [4, 8) …"""
    longest = max((len(pattern) for pattern in attention), default=1)
    edges = [0, *(2**n for n in range(longest.bit_length() + 1))]
    masses = np.zeros(len(edges) - 1)
    for pattern in attention:
        query, key = np.nonzero(pattern)
        masses += np.histogram(query - key, edges, weights=pattern[query, key])[0]
    return {"bin_edges": edges, "bin_values": masses.round(DIGITS).tolist()}


def _top_tokens(
    windows: Mapping[int, Event], attention: Mapping[int, np.ndarray], axis: int
) -> list[Row]:
    """The tokens with most attention: queries are summed over axis 1, keys over axis 0."""
    sums: Counter[str] = Counter()
    for window, event in windows.items():
        for piece, mass in zip(event.pieces, attention[window].sum(axis).tolist(), strict=True):
            sums[piece] += mass
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:TOKENS]
    return [{"token": token, "weight": _rounded(mass)} for token, mass in ranked]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(float(value), DIGITS)


def _write(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, allow_nan=False, separators=(",", ":")))

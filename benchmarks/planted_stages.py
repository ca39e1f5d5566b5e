"""The stages of the workflow for a planted model, by the functions that its scripts call.

The files lie where the workflow has them below `results/`, so that its own can be graded too.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from headatlas.activations.caching import cache_activations
from headatlas.activations.passes import run_hooked
from headatlas.corpora.python_docs import python_documents
from headatlas.corpora.windows import WindowSettings, sample_windows
from headatlas.events.selection import select_events, write_stats
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.windows import write_features
from headatlas.records.base import SPLITS, head_name
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_table, write_rows
from headatlas.subjects.planted.plan import HEADS, LAYERS
from headatlas.tokens.tokenizer import open_tokenizer

CORPUS = "planted-docs"
SAMPLED, TOKENS = 24, 128  # windows of each split, and their length; as in planted.yaml

Attention = Float[np.ndarray, "window layer head query key"]


@dataclass(frozen=True)
class Variant:
    """One planted model, and where its files are."""

    seed: int
    noise: str
    work: Path
    explainer: str
    round: int = 0
    kind: str = "planted"
    layers: int = LAYERS

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.noise}-{self.seed}"

    @property
    def model(self) -> Path:
        return models_folder(self.work) / self.name

    @property
    def run(self) -> Path:
        return self.work / self.name / CORPUS

    @property
    def windows(self) -> Path:
        return self.run / "windows.parquet"

    def table(self, stage: str, layer: int) -> Path:
        return self.run / stage / f"layer{layer:02d}.parquet"

    @property
    def features(self) -> Path:
        """Those of the sampled windows."""
        return self.run / "features"

    def record(self, kind: str, layer: int, head: int) -> Path:
        """Explanation or scores of a head."""
        return self._of_head(kind, layer, head, "json")

    def predictions(self, layer: int, head: int) -> Path:
        """What the program of its explanation predicts."""
        return self._of_head("predictions", layer, head, "parquet")

    def _of_head(self, kind: str, layer: int, head: int, ending: str) -> Path:
        folder = self.run / self.explainer / f"round{self.round}"
        return folder / kind / f"{head_name(layer, head)}.{ending}"


def models_folder(work: Path) -> Path:
    """Where the models are, and what was found about them."""
    return work / "planted-models"


def make_windows(variant: Variant, sampled: int = SAMPLED) -> None:
    """Windows of documents that the tokenizer has not learned from."""
    settings = WindowSettings(
        window_tokens=TOKENS,
        windows=4 * sampled,
        windows_per_document=16,
        sampled=sampled,
        fractions={"train": 0.5, "validation": 0.25, "test": 0.25},
        prepend_bos=True,
        seed=0,
    )
    documents = python_documents(held_out=True)
    rows, facts = sample_windows(documents, open_tokenizer(str(variant.model)), settings)
    write_rows(variant.windows, rows, WINDOWS, facts)
    kept: list[dict[str, Any]] = [row for row in rows if row["sampled"]]
    for split in SPLITS:
        own = [row for row in kept if row["split"] == split]
        contexts = [Context(np.asarray(row["tokens"]).tolist(), row["pieces"]) for row in own]
        write_features(variant.features / split, contexts, [row["window"] for row in own])


def make_events(bridge: TransformerBridge, variant: Variant) -> None:
    """Activations, events and head metrics of every layer."""
    tables = {layer: variant.table("activations/shard0", layer) for layer in range(variant.layers)}
    cache_activations(
        bridge,
        variant.windows,
        tables,
        shard=0,
        shards=1,
        kind="write_norm",
        top_windows=1,
        top_keys=16,
        batch_size=16,
    )
    for layer, table in tables.items():
        heads = range(HEADS)
        events, stats = variant.table("events", layer), variant.table("stats", layer)
        select_events(
            variant.windows,
            [table],
            layer=layer,
            heads=heads,
            top=1,
            top_windows=1,
            quantiles=1,
            per_quantile=1,
            seed=0,
            out=events,
        )
        write_stats(
            variant.windows, [table], layer=layer, heads=heads, bootstrap=10, seed=0, out=stats
        )


def whole_attention(bridge: TransformerBridge, variant: Variant) -> Attention:
    """Attention of every head in the sampled test windows, nothing left out."""
    rows = read_table(variant.windows, WINDOWS).to_pylist()
    tokens = [row["tokens"] for row in rows if row["split"] == "test" and row["sampled"]]
    patterns: list[np.ndarray] = []

    def keep(pattern: torch.Tensor, hook: Any) -> None:
        patterns.append(pattern.float().cpu().numpy())

    hooks = [(f"blocks.{layer}.attn.hook_pattern", keep) for layer in range(variant.layers)]
    run_hooked(bridge, torch.tensor(tokens), hooks)
    return np.stack(patterns, axis=1)

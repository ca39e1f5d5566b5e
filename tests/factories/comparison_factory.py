"""A sweep of two invented models on two corpora, whose explanations hold hostile text."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from headatlas import storage
from headatlas.comparison.build import Inputs
from headatlas.records.atlas import SCORES, VERDICTS
from headatlas.records.base import head_name
from headatlas.records.clusters import Clusters
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.records.matches import MATCHES
from headatlas.records.model import ModelInfo
from headatlas.records.scores import Score
from headatlas.records.transfers import TRANSFERS
from headatlas.verdict import verdict_on

ATTACK = "<script>alert(1)</script> | `x` **y** \u202e"
PREVIOUS = f"previous {ATTACK}"
SIZES = {"big": 5_000_000, "small": 10_000}
CORPORA = ("code", "prose")
# What each head attends to, by model; None has no explanation.
HEADS: Mapping[str, Mapping[tuple[int, int], str | None]] = {
    "big": {(0, 0): PREVIOUS, (0, 1): "lone", (1, 0): "repeat", (1, 1): None},
    "small": {(0, 0): PREVIOUS, (0, 1): "repeat"},
}
# Texts that say the same lie at the same angle.
_ANGLES = {"previous": 0.0, "lone": 80.0, "repeat": 160.0}


def directions(texts: Sequence[str], encoder: str) -> Float[np.ndarray, "texts 2"]:
    """Stands in for an encoder: the direction of a text is that of the word it holds."""
    assert encoder == "compass"
    radians = np.radians([next(a for word, a in _ANGLES.items() if word in t) for t in texts])
    return np.column_stack([np.cos(radians), np.sin(radians)])


def explanation(model: str, corpus: str, layer: int, head: int) -> Explanation:
    """What HEADS says of a head."""
    words = HEADS[model][layer, head]
    behaviour = Behaviour(
        attends_to=words or "",
        active_when="",
        family=words or "",
        frequency=1.0,
    )
    return Explanation(
        model=model,
        corpus=corpus,
        explainer="symbolic",
        round=0,
        layer=layer,
        head=head,
        status="explained" if words else "unexplained",
        reason=None if words else "too diffuse",
        title="t",
        summary=words or "",
        behaviours=[behaviour] if words else [],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def score_rows(model: str, corpus: str) -> list[dict[str, object]]:
    """Test scores of the explained heads: larger with the head, and 0.1 less on prose."""
    rows: list[dict[str, object]] = []
    for n, ((layer, head), words) in enumerate(HEADS[model].items()):
        level = 0.8 - 0.1 * n - 0.1 * (corpus == "prose") - 0.2 * (model == "small")
        for metric, value, low in (
            ("attention_gain", level, level - 0.1),
            ("activation_correlation", level / 2, 0.0),
            ("pair_auroc", level + 0.1, level),
            ("attention_gain_margin", level - 0.5, level - 0.62),
        ):
            rows.append(
                {
                    **{"model": model, "corpus": corpus, "explainer": "symbolic", "round": 0},
                    **{"layer": layer, "head": head, "split": "test", "metric": metric, "n": 8},
                    "value": round(value, 6) if words else None,
                    "low": round(low, 6) if words else None,
                    "high": round(value + 0.1, 6) if words else None,
                    "reason": None if words else "unexplained: too diffuse",
                }
            )
    return rows


def verdict_rows(model: str, corpus: str) -> list[dict[str, object]]:
    """By the scores, as a run has it."""
    scores = score_rows(model, corpus)
    columns = Score.model_fields
    return [
        {
            **{"model": model, "corpus": corpus, "explainer": "symbolic", "round": 0},
            **{"layer": layer, "head": head},
            **verdict_on(
                explanation(model, corpus, layer, head),
                [
                    Score(**{name: row[name] for name in columns if name in row})
                    for row in scores
                    if (row["layer"], row["head"]) == (layer, head)
                ],
            ).model_dump(),
        }
        for layer, head in HEADS[model]
    ]


def write_atlas(folder: Path, model: str, corpus: str) -> None:
    """Those files of an atlas that the comparison reads."""
    lines = [explanation(model, corpus, *at).model_dump_json() for at in HEADS[model]]
    storage.write_text(folder / "explanations.jsonl", "".join(f"{line}\n" for line in lines))
    storage.write_rows(folder / "scores.parquet", score_rows(model, corpus), SCORES)
    storage.write_rows(folder / "verdicts.parquet", verdict_rows(model, corpus), VERDICTS)
    names = [head_name(*at) for at, words in HEADS[model].items() if words]
    clusters = Clusters(
        model=model,
        corpus=corpus,
        explainer="symbolic",
        clustering="minilm",
        clusters=[],
        unclustered=names,
        unexplained=[head_name(*at) for at, words in HEADS[model].items() if not words],
    )
    storage.write_record(folder / "clusters.json", clusters)


def match_rows() -> list[dict[str, object]]:
    """Heads that are explained alike are matched; the others lie below their null."""
    pairs = [
        ("big", (0, 0), "small", (0, 0), 0.9),
        ("big", (0, 1), "small", (0, 0), 0.1),
        ("big", (1, 0), "small", (0, 1), 0.7),
        ("big", (1, 1), "small", (0, 1), 0.2),
        ("small", (0, 0), "big", (0, 0), 0.9),
        ("small", (0, 1), "big", (1, 1), 0.8),
    ]
    return [
        {
            **{"model": model, "layer": at[0], "head": at[1]},
            **{"other": other, "other_layer": to[0], "other_head": to[1], "rank": rank},
            **{
                "similarity": similarity - rank,
                "null95": 0.5,
                "p": 0.01,
                "mutual": similarity - rank > 0.5,
            },
            "words": 40,
        }
        for model, at, other, to, similarity in pairs
        for rank in (0, 1)
    ]


def holding_rows(model: str, corpus: str, other: str) -> list[dict[str, object]]:
    """Of the explanations the first holds on the other corpus, the second does not."""
    rows: list[dict[str, object]] = []
    about = {"model": model, "corpus": corpus, "explainer": "symbolic", "other": other}
    explained = [at for at, words in HEADS[model].items() if words]
    for n, (layer, head) in enumerate(explained):
        holds = (1.0, 0.0, None)[n]
        for metric, value in (
            ("attention_explained", 0.6),
            ("attention_explained_position_control", 0.5),
            ("attention_explained_position_margin", 0.1),
            ("iou", 0.4),
            ("active_queries", 40.0),
            ("holds", holds),
        ):
            ends = value is not None and metric not in ("active_queries", "holds")
            rows.append(
                {
                    **about,
                    **{"layer": layer, "head": head, "metric": metric, "value": value, "n": 40},
                    "low": value - 0.05 if ends else None,
                    "high": value + 0.05 if ends else None,
                    "reason": f"too few {ATTACK}" if value is None else None,
                }
            )
    return rows


def transfer_rows(model: str, corpus: str, other: str) -> list[dict[str, object]]:
    """Explanations of another corpus score 0.05 less than those made there."""
    return holding_rows(model, corpus, other) + [
        {**row, "value": row["value"] - 0.05, "corpus": corpus, "other": other}  # type: ignore[operator]
        for row in score_rows(model, other)
        if row["value"] is not None and row["metric"] != "attention_gain_margin"
    ]


def write_sweep(folder: Path) -> Inputs:
    """All input files of a comparison, in `folder`."""
    models, atlases, matches, transfers = [], [], [], []
    for model, heads in HEADS.items():
        info = ModelInfo(
            model=model,
            source="org/x",
            revision=None,
            architecture="Toy",
            n_layers=1 + max(layer for layer, _ in heads),
            n_heads=2,
            attention_layers=[0],
            n_key_value_heads=2,
            d_model=12,
            d_head=6,
            context=64,
            vocabulary=99,
            parameters=SIZES[model],
            dtype="float32",
            bos_token_id=0,
            weights_sha256="ab" * 32,
            tokenizer_sha256="cd" * 32,
        )
        models.append(folder / f"{model}.json")
        storage.write_record(models[-1], info)
        for corpus, other in (CORPORA, CORPORA[::-1]):
            atlases.append(folder / model / corpus)
            write_atlas(atlases[-1], model, corpus)
            transfers.append(folder / f"{model}-{corpus}.parquet")
            storage.write_rows(transfers[-1], transfer_rows(model, corpus, other), TRANSFERS)
    for corpus in CORPORA:
        matches.append(folder / corpus / "big" / "small" / "matches.parquet")
        storage.write_rows(matches[-1], match_rows(), MATCHES)
    return Inputs(models, atlases, matches, transfers)

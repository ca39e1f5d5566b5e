"""The files that an atlas is made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Judged(NamedTuple):
    """Folders of what a language model answered about each head, and of the items it was asked."""

    folder: Path
    items: Path  # a file for each layer, named layerNN.parquet


class Inputs(NamedTuple):
    """What a run left: `events` and `stats` are one file per layer.

    `heads` are the names of the heads it selected; each has its record, `NAME.json`, in the
    folders `explanations` and `scores`. `usage` and `judged` are there where language models
    were asked, `substitution` where explanations predict attention, `effects` and
    `family_effects` where the model was run without its heads, `rated` where people rated
    explanations, and `transfers` where the sweep has other corpora.
    Those of `random_heads`, of the twin with random weights, are in the folders of these names
    in `random_round`. `weights` are folders of what heads write by their weights, `random_weights`
    those of that twin; `claims` and `random_claims` likewise what they write in text.
    `beside` are the other runs on the model whose atlases are linked, as corpus/explainer.
    """

    model_info: Path
    windows: Path
    events: Sequence[Path]
    stats: Sequence[Path]
    heads: Sequence[str]
    explanations: Path
    scores: Path
    controls: Path
    clusters: Path
    known_roles: Path
    repeats: Path
    substitution: Path | None = None
    usage: Path | None = None
    random_heads: Sequence[str] = ()
    random_round: Path = Path()
    judged: Judged | None = None
    weights: Sequence[Path] = ()
    random_weights: Sequence[Path] = ()
    claims: Path | None = None
    random_claims: Path | None = None
    effects: Path | None = None
    rated: Path | None = None
    family_effects: Path | None = None
    transfers: Sequence[Path] = ()
    beside: Sequence[str] = ()

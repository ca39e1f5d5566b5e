"""The counterparts of heads in other models: by behaviour, and by what explanations say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..records.base import head_name
from ..records.matches import MATCHES
from ..storage import read_table
from .sweep import Place, Row, Study, name_of
from .wording import Points, says_the_same

# Best match by behaviour of a head in another model, by corpus, model, other model and head.
Matches = Mapping[tuple[str, str, str], Mapping[Place, dict[str, Any]]]


def read_matches(paths: Sequence[Path]) -> Matches:
    """Read files named CORPUS/MODEL/OTHER/matches.parquet; either direction counts."""
    found: dict[tuple[str, str, str], dict[Place, dict[str, Any]]] = {}
    for path in paths:
        for row in read_table(path, MATCHES).to_pylist():
            if row["rank"] == 0:
                pair = found.setdefault((path.parts[-4], row["model"], row["other"]), {})
                pair[row["layer"], row["head"]] = row
    return found


def counterpart_rows(
    studies: Sequence[Study], clustering: str, matches: Matches, points: Points
) -> list[Row]:
    """Rows of `counterparts.parquet`: every head of every study beside every other model."""
    return [
        row
        for study in studies
        for other in studies
        if other is not study
        for row in _beside(study, other, clustering, matches, points)
    ]


def _beside(
    study: Study, other: Study, clustering: str, matches: Matches, points: Points
) -> list[Row]:
    best = matches.get((study.corpus, study.model, other.model), {})
    mine, theirs = [*study.with_explanation], [*other.with_explanation]
    row_of = {place: n for n, place in enumerate(mine)}
    column_of = {place: n for n, place in enumerate(theirs)}
    cosine = (
        points.of(study.with_explanation.values()) @ points.of(other.with_explanation.values()).T
        if mine and theirs
        else np.empty((len(mine), 0))
    ).round(6)
    rows = []
    for place in study.explanations:
        row: Row = dict.fromkeys(_EMPTY)
        if match := best.get(place):
            row |= {key: round(match[key], 6) for key in ("similarity", "null95", "words")}
            row["matched_head"] = head_name(match["other_layer"], match["other_head"])
            row["matched"] = match["mutual"] and match["similarity"] > match["null95"]
        if place in row_of:
            own = cosine[row_of[place]]
            row["alike"] = bool(says_the_same(own).any())
            if theirs:
                nearest = int(own.argmax())
                row["alike_head"], row["alike_cosine"] = name_of(theirs[nearest]), own[nearest]
                row["shuffled_cosine"] = round(float(own.mean()), 6)
            partner = (match["other_layer"], match["other_head"]) if match else None
            if partner in column_of:
                row["matched_cosine"] = own[column_of[partner]]
        head = {"layer": place[0], "head": place[1], "other": other.model}
        rows.append({**study.names, "clustering": clustering, **head, **row})
    return rows


_EMPTY = (
    *("matched_head", "similarity", "null95", "words", "matched", "matched_cosine"),
    *("shuffled_cosine", "alike_head", "alike_cosine", "alike"),
)

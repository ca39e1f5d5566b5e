"""The variants of a study as they were run: where their files are, and what is in them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from ..names import parse_head
from ..records.clusters import Clusters
from ..records.explanation import Explanation
from ..records.scores import HeadScores
from ..storage import read_record

Place = tuple[int, int]  # layer and head


class Arm(BaseModel):
    """A variant: what it changes of the run that is studied, and where its files are.

    `own` has the settings that the study varies as they are in that run. `rounds` are the folders
    of its rounds of refinement; `scored` says whether its scores are looked at, which a setting of
    the clustering cannot change, and `clusters` is its file of families, where those are. `items`,
    a folder, and `windows` are what a judge was asked about the candidates, where a language model
    proposed some.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    changed: dict[str, JsonValue]
    own: dict[str, JsonValue]
    model: str
    corpus: str
    explainer: str
    clustering: str
    rounds: list[Path]
    judged: bool
    scored: bool
    clusters: Path | None
    items: Path | None
    windows: Path | None

    @property
    def label(self) -> str:
        """The settings that it changes, or nothing where it is the run that is studied."""
        return ", ".join(f"{setting}={told_as(value)}" for setting, value in self.changed.items())

    @property
    def names(self) -> dict[str, object]:
        """The columns that name it in a table."""
        run = {name: getattr(self, name) for name in ("model", "corpus", "explainer", "clustering")}
        return {"variant": self.label, **run}

    @property
    def explained_by(self) -> tuple[str, str, str]:
        """What its explanations and their scores depend on."""
        return self.model, self.corpus, self.explainer


class Plan(BaseModel):
    """The variants of a study, the run that is studied first, and the heads of each model.

    `drawn_from` says of how many heads of a model they were drawn; a model of which all are
    studied is not in it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    variants: list[Arm]
    heads: dict[str, list[str]]
    drawn_from: dict[str, int]


HEADS: TypeAdapter[dict[str, list[str]]] = TypeAdapter(dict[str, list[str]])


class Found(NamedTuple):
    """What is on disk of a variant: explanations of the last round, scores, families."""

    explanations: dict[Place, Explanation]
    scores: dict[Place, HeadScores]
    clusters: Clusters | None


def read_arm(arm: Arm, heads: Iterable[str]) -> Found:
    """Read a variant's files. Raises StorageError."""
    explanations, scores = {}, {}
    for name in heads:
        at, last = parse_head(name), arm.rounds[-1]
        explanations[at] = read_record(last / f"explanations/{name}.json", Explanation)
        if arm.scored:
            scores[at] = read_record(last / f"scores/{name}.json", HeadScores)
    return Found(
        explanations, scores, read_record(arm.clusters, Clusters) if arm.clusters else None
    )


def reference_of(arm: Arm, arms: Iterable[Arm]) -> Arm | None:
    """What a variant is compared with; None for the run that is studied, or if that is not there.

    That run, whose heads are the same; but a variant of another model, whose heads are others, is
    compared with that model under the settings of the run, where the study has that. Heads of two
    models differ in more than a setting, so what changes nothing but the model is compared with
    the run, unpaired.
    """
    by_change = {_key(other.changed): other for other in arms}
    if not arm.changed:
        return None
    own = {"model": arm.changed["model"]} if "model" in arm.changed else {}
    if own and own != arm.changed and _key(own) in by_change:
        return by_change[_key(own)]
    return by_change.get(_key({}))


def _key(changed: Mapping[str, JsonValue]) -> str:
    return json.dumps(changed, sort_keys=True)


def told_as(value: JsonValue) -> str:
    """A value of a setting in words."""
    return value if isinstance(value, str) else json.dumps(value)

"""The runs of a sweep, read from their atlases."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..records.atlas import SCORES, VERDICTS, PublishedExplanation
from ..records.base import head_name
from ..records.clusters import Clusters
from ..records.explanation import Explanation
from ..records.model import ModelInfo
from ..storage import read_record, read_records, read_table

Place = tuple[int, int]  # layer and head
Row = dict[str, Any]  # of a table


class Study(NamedTuple):
    """One model on one corpus, explained by one explainer.

    `scores` are those on test text; `statuses` the verdicts on the heads.
    """

    info: ModelInfo
    corpus: str
    explainer: str
    explanations: dict[Place, Explanation]
    scores: dict[Place, dict[str, float]]
    statuses: dict[Place, str]

    @property
    def model(self) -> str:
        return self.info.model

    @property
    def names(self) -> dict[str, object]:
        """The columns that name it in a table."""
        return {"model": self.model, "corpus": self.corpus, "explainer": self.explainer}

    @property
    def with_explanation(self) -> dict[Place, Explanation]:
        """The heads that have an explanation."""
        return {at: e for at, e in self.explanations.items() if e.status == "explained"}

    def depth(self, place: Place) -> float:
        """Relative depth of a head: the middle of its layer, 0 at the input, 1 at the output."""
        return (place[0] + 0.5) / self.info.n_layers


class Sweep(NamedTuple):
    """All runs, the smallest models first.

    `clusters` has a record per run, `studies` the runs without their clustering.
    """

    studies: list[Study]
    clusters: list[Clusters]

    def within(self, explainer: str, corpus: str) -> list[Study]:
        """The studies of all models by one explainer on one corpus."""
        return [s for s in self.studies if (s.explainer, s.corpus) == (explainer, corpus)]

    @property
    def models(self) -> list[str]:
        """Names of the models, the smallest first."""
        return list(dict.fromkeys(study.model for study in self.studies))

    @property
    def corpora(self) -> list[str]:
        return list(dict.fromkeys(study.corpus for study in self.studies))

    @property
    def explainers(self) -> list[str]:
        return list(dict.fromkeys(study.explainer for study in self.studies))

    @property
    def clusterings(self) -> list[str]:
        return list(dict.fromkeys(record.clustering for record in self.clusters))

    def study(self, model: str, corpus: str, explainer: str) -> Study:
        """The study of these names."""
        wanted = model, corpus, explainer
        return next(s for s in self.studies if (s.model, s.corpus, s.explainer) == wanted)


def read_sweep(models: Sequence[Path], atlases: Sequence[Path]) -> Sweep:
    """Read `model.json` of every model and the folder of every run's atlas.

    Raises InputError if a file is not of its schema or a model's file is missing.
    """
    infos = {info.model: info for info in (read_record(path, ModelInfo) for path in models)}
    studies: dict[tuple[str, str, str], Study] = {}
    clusters = []
    for folder in atlases:
        record = read_record(folder / "clusters.json", Clusters)
        clusters.append(record)
        key = record.model, record.corpus, record.explainer
        if record.model not in infos:
            raise InputError(f"{folder}: is of model {record.model!r}, whose file is not given")
        if key not in studies:
            studies[key] = _study(folder, infos[record.model], record.corpus, record.explainer)
    # Models by size; a stable sort keeps the order of the sweep among the rest.
    sizes = {name: (info.parameters, name) for name, info in infos.items()}
    return Sweep(
        sorted(studies.values(), key=lambda study: sizes[study.model]),
        sorted(clusters, key=lambda record: sizes[record.model]),
    )


def _study(folder: Path, info: ModelInfo, corpus: str, explainer: str) -> Study:
    explanations = read_records(folder / "explanations.jsonl", PublishedExplanation)
    scores: dict[Place, dict[str, float]] = {}
    columns = ["layer", "head", "split", "metric", "value"]
    for row in read_table(folder / "scores.parquet", SCORES, columns).to_pylist():
        if row["split"] == "test" and row["value"] is not None:
            scores.setdefault((row["layer"], row["head"]), {})[row["metric"]] = row["value"]
    columns = ["layer", "head", "status"]
    verdicts = read_table(folder / "verdicts.parquet", VERDICTS, columns).to_pylist()
    statuses = {(row["layer"], row["head"]): row["status"] for row in verdicts}
    told: dict[Place, Explanation] = {(e.layer, e.head): e for e in explanations}
    return Study(info, corpus, explainer, told, scores, statuses)


def run_rows(sweep: Sweep) -> list[Row]:
    """Rows of `runs.csv`: what each run found."""
    rows = []
    for record in sweep.clusters:
        study = sweep.study(record.model, record.corpus, record.explainer)
        statuses = [*study.statuses.values()]
        rows.append(
            {
                **study.names,
                "clustering": record.clustering,
                "parameters": study.info.parameters,
                "heads": len(study.explanations),
                "with_explanation": len(study.with_explanation),
                "explained": statuses.count("explained"),
                "not_compared": statuses.count("not compared"),
                "families": len(record.clusters),
                "unclustered": len(record.unclustered),
            }
        )
    return rows


def name_of(place: Place) -> str:
    """LxxHyy of a layer and a head."""
    return head_name(*place)

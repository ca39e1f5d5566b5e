"""The heads of a run as tables and pages know them, put together from its records."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from headatlas.errors import InputError
from headatlas.measure import Measure
from headatlas.records.base import RANDOM, Record, head_name
from headatlas.records.clusters import Clusters
from headatlas.records.explanation import Candidate, Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.model import ModelInfo
from headatlas.records.scores import HeadScores, Score, Verdict

MAIN_SPLITS = ("test", "probes")
H = TypeVar("H", bound=HeadRecord)


class Metric(NamedTuple):
    """A head metric: mean over windows, or rows of random tokens, and its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class Head(NamedTuple):
    """All that is known about one head. `scores` is by (split, metric)."""

    layer: int
    head: int
    explanation: Explanation
    verdict: Verdict
    scores: dict[tuple[str, str], Score]
    metrics: dict[str, Metric]
    cluster: int | None
    cluster_label: str | None
    twins: Sequence[str] = ()  # heads that say the same, the likest first

    @property
    def name(self) -> str:
        """The head's name, such as L03H11."""
        return head_name(self.layer, self.head)

    @property
    def family(self) -> str | None:
        """Family of the first behaviour beside resting, or None without one."""
        behaviours = self.explanation.beside_resting
        return behaviours[0].family if behaviours else None

    @property
    def kept(self) -> Candidate | None:
        """Of what a language model proposed, the explanation that was kept."""
        told = self.explanation.summary, self.explanation.behaviours
        proposed = [c for c in reversed(self.explanation.candidates) if c.asked and c.summary]
        return next((c for c in proposed if (c.summary, c.behaviours) == told), None)

    @property
    def beaten(self) -> bool:
        """Whether it has an explanation that is not above its control."""
        return self.explanation.status == "explained" and self.status == "unexplained"

    @property
    def status(self) -> str:
        """explained, not compared, unexplained or failed, as its verdict has it."""
        return self.verdict.status

    @property
    def reason(self) -> str | None:
        """Why it is not explained."""
        return self.verdict.reason

    def main(self, metric: str) -> Score | None:
        """The reported score: on the test split, or on probes where it has no test split."""
        found = (self.scores.get((split, metric)) for split in MAIN_SPLITS)
        return next((score for score in found if score is not None), None)

    def value(self, metric: str) -> float | None:
        """Value of the reported score, None where there is none."""
        score = self.main(metric)
        return score.value if score else None

    def values(self, measure: Measure) -> tuple[float | None, float | None, float | None]:
        """Values of a score, its control and the margin between them."""
        keys = (measure.name, measure.control, measure.margin)
        value, control, margin = (self.value(key) if key else None for key in keys)
        return value, control, margin


class Run(NamedTuple):
    """What an atlas is of: the names in its path, and the title of its pages."""

    model: str
    corpus: str
    explainer: str
    clustering: str
    round: int
    title: str


class AtlasError(InputError):
    """The records given do not make up one whole atlas."""


def metrics_by_head(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Metric]]:
    """Rows of head metrics, by head name and metric; those that are not numbers left out."""
    found: dict[str, dict[str, Metric]] = {}
    for row in rows:
        if not math.isnan(row["value"]):
            metric = Metric(row["value"], row["low"], row["high"], row["n"])
            found.setdefault(head_name(row["layer"], row["head"]), {})[row["metric"]] = metric
    return found


def standard_scores(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of rows of `records.repeats.REPEATS`, those over all lengths, as rows of head metrics."""
    whole = [row for row in rows if row["length"] is None]
    return [{**row, "metric": f"repeats_{row['metric']}"} for row in whole]


def twins_by_head(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Of rows of `records.controls.CONTROLS`, the heads that say the same, by head name."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["relation"] == "twin":
            other = head_name(row["other_layer"], row["other_head"])
            found.setdefault(head_name(row["layer"], row["head"]), []).append(other)
    return found


def check_run(record: Record, run: Run, what: str) -> None:
    """Raise AtlasError if a name that `record` carries is not that of the run."""
    for key in ("model", "corpus", "explainer", "clustering", "round"):
        found, wanted = getattr(record, key, None), getattr(run, key)
        if found not in (None, wanted):
            raise AtlasError(f"{what}: {key} is {found!r}, this atlas is of {wanted!r}")


def by_name(records: Iterable[H], run: Run, what: str) -> dict[str, H]:
    """Records by head name. Raises AtlasError for one of another run, or two of a head."""
    found: dict[str, H] = {}
    for record in records:
        name = head_name(record.layer, record.head)
        check_run(record, run, f"{what} of {name}")
        if name in found:
            raise AtlasError(f"{what} of {name}: given twice")
        found[name] = record
    return found


def selection(info: ModelInfo, names: Iterable[str]) -> list[tuple[int, int]]:
    """Layer and head of the heads named, such as L03H11, in order.

    Raises AtlasError for a name that is no head of the model.
    """
    every = {
        head_name(layer, head): (layer, head)
        for layer in range(info.n_layers)
        for head in range(info.n_heads)
    }
    places = set()
    for name in names:
        if name not in every:
            allowed = f"L00H00 to {head_name(info.n_layers - 1, info.n_heads - 1)}"
            raise AtlasError(f"heads: {name!r} is no head of {info.model}, allowed are {allowed}")
        places.add(every[name])
    return sorted(places)


def assemble(
    info: ModelInfo,
    run: Run,
    places: Sequence[tuple[int, int]],
    explanations: Iterable[Explanation],
    scores: Iterable[HeadScores],
    clusters: Clusters,
    stats: Iterable[Mapping[str, Any]],
    controls: Iterable[Mapping[str, Any]],
) -> list[Head]:
    """The heads at `places` (layer, head), in that order. `controls` are rows of its table.

    Raises AtlasError if one of them has no record, a record is of another head, or one is
    of another run.
    """
    check_run(info, run, "model information")
    check_run(clusters, run, "clusters")
    names = {head_name(*place) for place in places}
    explained = by_name(explanations, run, "explanation")
    scored = by_name(scores, run, "scores")
    grouped = {*clusters.unclustered, *clusters.unexplained}
    grouped.update(name for cluster in clusters.clusters for name in cluster.heads)
    for what, found in (
        ("explanation", explained.keys()),
        ("scores", scored.keys()),
        ("cluster entry", grouped),
    ):
        for name in sorted(names ^ found):
            wrong = "missing, every selected head needs one" if name in names else "not selected"
            raise AtlasError(f"{what} of {name}: {wrong}")
    metrics = metrics_by_head(stats)
    twins = twins_by_head(controls)
    clustered = {name: cluster for cluster in clusters.clusters for name in cluster.heads}
    heads = []
    for layer, head in places:
        name = head_name(layer, head)
        cluster = clustered.get(name)
        heads.append(
            Head(
                layer,
                head,
                explained[name],
                scored[name].verdict,
                _by_split(scored[name]),
                metrics.get(name, {}),
                cluster.cluster if cluster else None,
                cluster.label if cluster else None,
                twins.get(name, []),
            )
        )
    return heads


def random_heads(
    run: Run, explanations: Iterable[Explanation], scores: Iterable[HeadScores]
) -> list[Head]:
    """The heads of the run's twin with random weights, of which no more is known.

    Raises AtlasError if a record is of another run, or has no counterpart.
    """
    twin = run._replace(model=f"{run.model}{RANDOM}")
    explained = by_name(explanations, twin, "explanation with random weights")
    scored = by_name(scores, twin, "scores with random weights")
    for name in sorted(explained.keys() ^ scored.keys()):
        raise AtlasError(f"{name} with random weights: explanation or scores are missing")
    return [
        Head(e.layer, e.head, e, scored[name].verdict, _by_split(scored[name]), {}, None, None)
        for name, e in sorted(explained.items())
    ]


def _by_split(record: HeadScores) -> dict[tuple[str, str], Score]:
    return {(score.split, score.metric): score for score in record.scores}

"""All that the pages of an atlas draw on, read from the records of its run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa

from headatlas.flags import Evidence, Raised, flags_of
from headatlas.measure import Measure
from headatlas.records.base import Record
from headatlas.records.clusters import Clusters
from headatlas.records.controls import CONTROLS
from headatlas.records.effects import EFFECTS
from headatlas.records.explanation import Explanation
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.records.known_roles import KnownRoles
from headatlas.records.model import ModelInfo
from headatlas.records.ratings import RATING_SCORES
from headatlas.records.repeats import REPEATS
from headatlas.records.scores import HeadScores
from headatlas.records.stats import STATS
from headatlas.records.substitution import SUBSTITUTION
from headatlas.records.usage import Usage
from headatlas.storage import read_facts, read_record, read_table

from . import charts
from .catalogue import METRICS, Quantity
from .claims import Claims, read_claims
from .dependence import Dependence, dependence
from .distributions import known
from .elsewhere import Transfers, read_transfers
from .heads import Head, Run, assemble, check_run, random_heads, selection, standard_scores
from .inputs import Inputs
from .other_runs import OtherRun, other_runs
from .proposed import Proposed, proposed
from .rated import Rated, rated
from .sentences import Told, sentences
from .stated import Stated, stated
from .substitution import Substituted, substituted
from .tables import main_scores
from .together import Together, together
from .usage import Row, by_head, read_usage, total
from .writing import Written, read_layers, written

R = TypeVar("R", bound=Record)


class Atlas(NamedTuple):
    """What every page draws on. `axes` and `spreads` are shared so that pages compare.

    `random_heads` are those of the model's twin with random weights. `usage` is what the
    replies of language models about a head cost, by its name, and `spent` all of them, those
    about the twin's heads included.

    `together` is what is lost without all heads of a cluster, by its number.

    `told` are the sentences on each head, by its name, that are no part of its explanation;
    `stated` is what explainers state that heads write, of those of which they do.

    `transfers` are how the explanations do on other corpora.

    `proposed` is what came of what a language model proposed to the search for programs.

    `flags` are those that the figures of an explanation raise, by the name of its head.

    `other_runs` are the other runs on the model, to which the pages of heads lead.

    `axes` are the ends of each score's axis, `spreads` the least value, the quartiles and
    the largest value of each head metric over all heads.
    """

    run: Run
    info: ModelInfo
    facts: dict[str, object]
    heads: list[Head]
    random_heads: list[Head]
    clusters: Clusters
    scores: list[Measure]
    metrics: list[Quantity]
    axes: dict[str, tuple[float, float]]
    spreads: dict[str, list[float]]
    known_roles: KnownRoles
    usage: dict[str, Usage]
    spent: Usage | None
    substituted: Substituted | None
    written: Written | None
    claims: Claims | None
    depends: Dependence | None
    together: Mapping[int, Together]
    told: dict[str, Told]
    stated: dict[str, Stated]
    rated: Rated | None
    proposed: Proposed | None
    transfers: Transfers
    other_runs: Sequence[OtherRun]
    flags: dict[str, list[Raised]]

    @property
    def heads_in_model(self) -> int:
        """Heads of the model, those that the run left out included."""
        return self.info.n_layers * self.info.n_heads

    @property
    def whole(self) -> bool:
        """Whether the run selected every head of the model."""
        return len(self.heads) == self.heads_in_model


def gathered(run: Run, info: ModelInfo, inputs: Inputs, scores: Sequence[HeadScores]) -> Atlas:
    """All that a run left but its events. Raises InputError as `heads.assemble` does, or if a
    file is not of its schema."""
    clusters = read_record(inputs.clusters, Clusters)
    known_roles = read_record(inputs.known_roles, KnownRoles)
    check_run(known_roles, run, "known roles")
    substitution = rows_of(inputs.substitution, SUBSTITUTION)
    layers = read_layers(inputs.weights)
    claims = read_claims(inputs.claims, inputs.random_claims, run.model) if inputs.claims else None
    depends = dependence(rows_of(inputs.effects, EFFECTS))
    return gather(
        run,
        info,
        {name: fact for name, fact in read_facts(inputs.windows).items() if name != "version"},
        _heads(run, info, inputs, scores, clusters),
        _twin(run, inputs),
        clusters,
        known_roles,
        read_usage(inputs.usage) if inputs.usage else [],
        substituted(substitution),
        written(layers, read_layers(inputs.random_weights), run.model),
        claims,
        depends,
        rated(rows_of(inputs.rated, RATING_SCORES)),
        together(rows_of(inputs.family_effects, FAMILY_EFFECTS), clusters, depends),
        read_transfers(inputs.transfers),
        other_runs(run, inputs.beside),
        proposes=bool(inputs.usage) and inputs.judged is None,
    )


def _heads(
    run: Run, info: ModelInfo, inputs: Inputs, scores: Sequence[HeadScores], clusters: Clusters
) -> list[Head]:
    stats: list[Mapping[str, Any]] = [r for path in inputs.stats for r in rows_of(path, STATS)]
    stats += standard_scores(rows_of(inputs.repeats, REPEATS))
    controls = rows_of(inputs.controls, CONTROLS)
    explanations = read_all(inputs.explanations, inputs.heads, Explanation)
    places = selection(info, inputs.heads)
    return assemble(info, run, places, explanations, scores, clusters, stats, controls)


def _twin(run: Run, inputs: Inputs) -> list[Head]:
    explanations = read_all(inputs.random_round / "explanations", inputs.random_heads, Explanation)
    scores = read_all(inputs.random_round / "scores", inputs.random_heads, HeadScores)
    return random_heads(run, explanations, scores)


def read_all(folder: Path, heads: Sequence[str], kind: type[R]) -> list[R]:
    """The record of each head, by its name, in a folder."""
    return [read_record(folder / f"{name}.json", kind) for name in heads]


def rows_of(path: Path | None, schema: pa.Schema) -> list[dict[str, Any]]:
    """The rows of a table; none where there is no table."""
    return read_table(path, schema).to_pylist() if path else []


def gather(
    run: Run,
    info: ModelInfo,
    facts: dict[str, object],
    heads: list[Head],
    random_heads: list[Head],
    clusters: Clusters,
    known_roles: KnownRoles,
    usage: Sequence[Row] = (),
    replaced: Substituted | None = None,
    writes: Written | None = None,
    claims: Claims | None = None,
    depends: Dependence | None = None,
    people: Rated | None = None,
    sets: Mapping[int, Together] | None = None,
    transfers: Transfers | None = None,
    others: Sequence[OtherRun] = (),
    *,
    proposes: bool = False,
) -> Atlas:
    """Work out what the pages share. A language model that explains nothing `proposes`."""
    scores = main_scores(heads)
    metrics = [metric for metric in METRICS if any(metric.name in h.metrics for h in heads)]
    values = {
        name: [head.metrics[name].value for head in heads if name in head.metrics]
        for name in (metric.name for metric in metrics)
    }
    said = {
        head.name: found
        for head in heads
        if (found := stated(head.explanation, claims.heads.get(head.name) if claims else None))
    }
    return Atlas(
        run,
        info,
        facts,
        heads,
        random_heads,
        clusters,
        scores,
        metrics,
        {measure.name: _axis(heads, measure) for measure in scores},
        {
            name: [charts.quantile(found, share) or 0.0 for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
            for name, found in values.items()
        },
        known_roles,
        by_head([row for row in usage if row["model"] == run.model]),
        total(usage),
        replaced,
        writes,
        claims,
        depends,
        sets or {},
        sentences([head.name for head in heads], said, claims, writes, depends),
        said,
        people,
        proposed(heads) if proposes else None,
        transfers or {},
        others,
        {
            head.name: flags_of(Evidence(head.explanation, head.scores, head.twins, len(heads)))
            for head in heads
        },
    )


def _axis(heads: Sequence[Head], measure: Measure) -> tuple[float, float]:
    drawn = known(value for head in heads for value in head.values(measure)[:2])
    low, high = charts.quantile(drawn, 0.01), charts.quantile(drawn, 0.99)
    return charts.nice_ends(low or 0.0, high or 0.0)

"""The atlas as a folder: reads the records of a run, writes its tables and pages."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import jinja2
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from headatlas.event_rows import events_of
from headatlas.items import read_items
from headatlas.records.atlas import SCORES, VERDICTS, PublishedExplanation, Recipe
from headatlas.records.base import Record, head_name
from headatlas.records.clusters import Clusters
from headatlas.records.controls import CONTROLS
from headatlas.records.effects import EFFECTS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.records.judgement import Judgement
from headatlas.records.known_roles import KnownRoles
from headatlas.records.model import ModelInfo
from headatlas.records.ratings import RATING_SCORES
from headatlas.records.repeats import REPEATS
from headatlas.records.scores import HeadScores
from headatlas.records.stats import STATS
from headatlas.records.substitution import SUBSTITUTION
from headatlas.storage import (
    read_facts,
    read_record,
    read_table,
    table_writer,
    write_csv,
    write_record,
    write_rows,
    write_text,
)

from . import failures, pages, tables
from .answers import Asked, asked
from .claims import CLAIM_COLUMNS, claim_rows, read_claims
from .dependence import dependence
from .elsewhere import read_transfers
from .environment import environment
from .exemplars import Group, groups
from .maps import colourings, map_script
from .numbers import numbers_of
from .rated import rated
from .run_record import run_record
from .searching import search_script
from .substitution import substituted
from .tables import Run
from .together import together
from .usage import read_usage
from .writing import copying_of, read_layers, relation_rows, written

R = TypeVar("R", bound=Record)


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


def build(
    run: Run,
    inputs: Inputs,
    recipe: Recipe,
    out: Path,
    *,
    templates: Path,
    exemplars: int,
    all_failed: bool = False,
) -> None:
    """Write the atlas of a run into `out`, an empty folder.

    Only one layer's events are in memory at a time. Raises InputError if a file is not of
    its schema, if the records are not those of the heads that this run selected, or, unless
    `all_failed` heads are to be published, if there is no other.
    """
    info = read_record(inputs.model_info, ModelInfo)
    places = tables.selection(info, inputs.heads)
    files = [f"{head_name(*place)}.json" for place in places]
    explanations = _read_all(inputs.explanations, files, Explanation)
    scores = _read_all(inputs.scores, files, HeadScores)
    files = [f"{name}.json" for name in inputs.random_heads]
    twin = tables.random_heads(
        run,
        _read_all(inputs.random_round / "explanations", files, Explanation),
        _read_all(inputs.random_round / "scores", files, HeadScores),
    )
    clusters = read_record(inputs.clusters, Clusters)
    known_roles = read_record(inputs.known_roles, KnownRoles)
    tables.check_run(known_roles, run, "known roles")
    stats = [row for path in inputs.stats for row in read_table(path, STATS).to_pylist()]
    stats += tables.standard_scores(read_table(inputs.repeats, REPEATS).to_pylist())
    controls = read_table(inputs.controls, CONTROLS).to_pylist()
    heads = tables.assemble(info, run, places, explanations, scores, clusters, stats, controls)
    if not all_failed:
        failures.check(heads)
    facts = _facts(inputs.windows)
    record = run_record(run, info, facts, recipe)
    usage = read_usage(inputs.usage) if inputs.usage else []
    replaced = (
        substituted(read_table(inputs.substitution, SUBSTITUTION).to_pylist())
        if inputs.substitution
        else None
    )
    layers = read_layers(inputs.weights)
    writes = written(layers, read_layers(inputs.random_weights), run.model)
    claims = read_claims(inputs.claims, inputs.random_claims, run.model) if inputs.claims else None
    effects = read_table(inputs.effects, EFFECTS).to_pylist() if inputs.effects else []
    depends = dependence(effects)
    ratings = read_table(inputs.rated, RATING_SCORES).to_pylist() if inputs.rated else []
    families = (
        read_table(inputs.family_effects, FAMILY_EFFECTS).to_pylist()
        if inputs.family_effects
        else []
    )
    sets = together(families, clusters, depends)
    transfers = read_transfers(inputs.transfers)
    about = (known_roles, usage, replaced, writes, claims, depends, rated(ratings), sets, transfers)
    atlas = pages.gather(run, info, facts, heads, twin, clusters, *about)
    env = environment(templates)

    write_text(out / "explanations.jsonl", "".join(f"{line}\n" for line in _published(atlas)))
    write_rows(out / "scores.parquet", tables.score_rows(scores), SCORES)
    write_rows(out / "verdicts.parquet", tables.verdict_rows(scores), VERDICTS)
    summary = _summary(atlas)
    write_text(out / "summary.csv", _csv(summary))
    write_text(out / "search.js", search_script(summary, explanations))
    names = [head.name for head in heads]
    if claims:
        rows = list(claim_rows(claims, atlas.stated, names))
        write_text(out / "write_claims.csv", _csv(rows, CLAIM_COLUMNS))
    if writes:
        write_text(out / "relations.csv", _csv(list(relation_rows(writes, names))))
    if inputs.effects:
        write_csv(out / "effects.csv", effects, EFFECTS)
    if ratings:
        write_csv(out / "ratings.csv", ratings, RATING_SCORES)
    if inputs.family_effects:
        write_csv(out / "family_effects.csv", families, FAMILY_EFFECTS)
    write_text(out / "report.md", pages.report(env, atlas))
    write_record(out / "clusters.json", clusters)
    write_record(out / "run.json", record)
    _write_heads(env, atlas, _layers(inputs.events), inputs.judged, out, exemplars)
    write_text(out / "side.html", pages.side(env, atlas))
    more = numbers_of(names, claims, writes, depends, atlas.substituted)
    maps = colourings(heads, atlas.scores, [m.name for m in atlas.metrics], more)
    write_text(out / "maps.js", map_script(maps))
    write_text(out / "index.html", pages.index(env, atlas, record, maps))


def _read_all(folder: Path, names: Sequence[str], kind: type[R]) -> list[R]:
    return [read_record(folder / name, kind) for name in names]


def _facts(windows: Path) -> dict[str, object]:
    """What the corpus stage recorded, without the version of the file format."""
    return {name: fact for name, fact in read_facts(windows).items() if name != "version"}


def _published(atlas: pages.Atlas) -> Iterator[str]:
    """The explanations, with the sentences that are no part of their records."""
    for head in atlas.heads:
        told = atlas.told[head.name]._asdict()
        yield PublishedExplanation(**head.explanation.model_dump(), **told).model_dump_json()


def _summary(atlas: pages.Atlas) -> list[tables.Row]:
    metrics = [measure.name for measure in atlas.metrics]
    return [
        {
            **tables.summary_row(head, atlas.told[head.name]._asdict(), atlas.scores, metrics),
            **copying_of(atlas.written, head.name),
        }
        for head in atlas.heads
    ]


def _csv(rows: Sequence[tables.Row], columns: Sequence[str] | None = None) -> str:
    """The rows with a line of names, which are those of the first row if they are not given."""
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=columns, infer_schema_length=None).write_csv(buffer)
    return buffer.getvalue().decode()


def _layers(paths: Sequence[Path]) -> Iterator[pa.Table]:
    for path in sorted(paths):
        yield read_table(path, EVENTS)


def _write_heads(
    env: jinja2.Environment,
    atlas: pages.Atlas,
    layers: Iterator[pa.Table],
    judged: Judged | None,
    out: Path,
    exemplars: int,
) -> None:
    """Write `raw_events.parquet` and every head's page in one pass over the layers."""
    waiting = {(head.layer, head.head): i for i, head in enumerate(atlas.heads)}
    with table_writer(out / "raw_events.parquet", EVENTS) as writer:
        for table in layers:
            writer.write({name: table.column(name) for name in EVENTS.names})
            layers_here = set(pc.unique(table["layer"]).to_pylist())
            for key in [key for key in waiting if key[0] in layers_here]:
                mine = (pc.field("layer") == key[0]) & (pc.field("head") == key[1])
                events, position = table.filter(mine), waiting.pop(key)
                shown = groups(events_of(events), exemplars)
                questions = _asked(judged, atlas, position, events) if judged else []
                _write_head(env, atlas, position, out, *shown, questions)
    for position in waiting.values():
        _write_head(env, atlas, position, out, [], 1.0, [])


def _write_head(
    env: jinja2.Environment,
    atlas: pages.Atlas,
    position: int,
    out: Path,
    shown: Sequence[Group],
    largest: float,
    questions: Sequence[Asked],
) -> None:
    page = out / "heads" / f"{atlas.heads[position].name}.html"
    write_text(page, pages.head_page(env, atlas, position, shown, largest, questions))


def _asked(judged: Judged, atlas: pages.Atlas, position: int, events: pa.Table) -> list[Asked]:
    head = atlas.heads[position]
    judgement = read_record(judged.folder / f"{head.name}.json", Judgement)
    tables.by_name([judgement], atlas.run, "judgement")
    items = read_items(judged.items / f"layer{head.layer:02d}.parquet", head.head)
    return asked(judgement, events, items["test"])

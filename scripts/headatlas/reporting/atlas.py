"""The atlas as a folder: writes the tables and pages of a run."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from headatlas.event_rows import events_of
from headatlas.items import read_items
from headatlas.records.atlas import SCORES, VERDICTS, PublishedExplanation, Recipe
from headatlas.records.effects import EFFECTS
from headatlas.records.events import EVENTS
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.records.judgement import Judgement
from headatlas.records.model import ModelInfo
from headatlas.records.ratings import RATING_SCORES
from headatlas.records.scores import HeadScores
from headatlas.storage import (
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
from .claims import CLAIM_COLUMNS, claim_rows
from .environment import environment
from .exemplars import Group, groups
from .gathering import Atlas, gathered, read_all, rows_of
from .heads import Run, by_name
from .inputs import Inputs, Judged
from .maps import Colouring, colourings, map_script
from .numbers import numbers_of
from .other_runs import titles_script
from .run_record import run_record
from .searching import search_script
from .writing import copying_of, relation_rows

# Tables that are written only where there is something to say.
OPTIONAL = (
    *("effects.csv", "family_effects.csv", "ratings.csv"),
    *("relations.csv", "write_claims.csv"),
)


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
    scores = read_all(inputs.scores, inputs.heads, HeadScores)
    atlas = gathered(run, info, inputs, scores)
    if not all_failed:
        failures.check(atlas.heads)
    env = environment(templates)
    _write_tables(atlas, inputs, scores, out)
    record = run_record(run, info, atlas.facts, recipe)
    write_record(out / "run.json", record)
    write_text(out / "report.md", pages.report(env, atlas))
    _write_heads(env, atlas, _layers(inputs.events), inputs.judged, out, exemplars)
    write_text(out / "side.html", pages.side(env, atlas))
    maps = _maps(atlas)
    write_text(out / "maps.js", map_script(maps))
    write_text(out / "index.html", pages.index(env, atlas, record, maps))


def _write_tables(atlas: Atlas, inputs: Inputs, scores: Sequence[HeadScores], out: Path) -> None:
    names = [head.name for head in atlas.heads]
    write_text(out / "explanations.jsonl", "".join(f"{line}\n" for line in _published(atlas)))
    write_rows(out / "scores.parquet", tables.score_rows(scores), SCORES)
    write_rows(out / "verdicts.parquet", tables.verdict_rows(scores), VERDICTS)
    summary = _summary(atlas)
    write_text(out / "summary.csv", _csv(summary))
    write_text(out / "search.js", search_script(summary, [h.explanation for h in atlas.heads]))
    write_text(out / "titles.js", titles_script(atlas.run, atlas.heads))
    if atlas.claims:
        rows = list(claim_rows(atlas.claims, atlas.stated, names))
        write_text(out / "write_claims.csv", _csv(rows, CLAIM_COLUMNS))
    if atlas.written:
        write_text(out / "relations.csv", _csv(list(relation_rows(atlas.written, names))))
    write_record(out / "clusters.json", atlas.clusters)
    for name, path, schema in (
        ("effects", inputs.effects, EFFECTS),
        ("ratings", inputs.rated, RATING_SCORES),
        ("family_effects", inputs.family_effects, FAMILY_EFFECTS),
    ):
        if path:
            write_csv(out / f"{name}.csv", rows_of(path, schema), schema)


def _maps(atlas: Atlas) -> list[Colouring]:
    names, metrics = [head.name for head in atlas.heads], [m.name for m in atlas.metrics]
    more = numbers_of(names, atlas.claims, atlas.written, atlas.depends, atlas.substituted)
    return colourings(atlas.heads, atlas.scores, metrics, more)


def _published(atlas: Atlas) -> Iterator[str]:
    """The explanations, with the sentences that are no part of their records."""
    for head in atlas.heads:
        told = atlas.told[head.name]._asdict()
        yield PublishedExplanation(**head.explanation.model_dump(), **told).model_dump_json()


def _summary(atlas: Atlas) -> list[tables.Row]:
    metrics = [measure.name for measure in atlas.metrics]
    return [
        {
            **tables.summary_row(head, atlas.told[head.name]._asdict(), atlas.scores, metrics),
            **copying_of(atlas.written, head.name),
            "flags": "; ".join(raised.flag.label for raised in atlas.flags[head.name]) or None,
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
    atlas: Atlas,
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
    atlas: Atlas,
    position: int,
    out: Path,
    shown: Sequence[Group],
    largest: float,
    questions: Sequence[Asked],
) -> None:
    page = out / "heads" / f"{atlas.heads[position].name}.html"
    write_text(page, pages.head_page(env, atlas, position, shown, largest, questions))


def _asked(judged: Judged, atlas: Atlas, position: int, events: pa.Table) -> list[Asked]:
    head = atlas.heads[position]
    judgement = read_record(judged.folder / f"{head.name}.json", Judgement)
    by_name([judgement], atlas.run, "judgement")
    items = read_items(judged.items / f"layer{head.layer:02d}.parquet", head.head)
    return asked(judgement, events, items["test"])

"""What a study of an atlas asks: drawn once, kept with the answers, the same for all raters."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from headatlas.controls import Head
from headatlas.errors import InputError
from headatlas.event_rows import Event, events_of
from headatlas.intervals import generator
from headatlas.records.atlas import VERDICTS, PublishedExplanation, RunRecord
from headatlas.records.base import Record
from headatlas.records.controls import CONTROLS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.settings.rating import Rating
from headatlas.storage import read_record, read_records, read_table

from .passages import exemplars, unseen
from .units import Kind, Unit, digest_of


class Plan(Rating):
    """How much is asked of a rater, and where random choices begin."""

    seed: int


class Study(Record):
    """Whose explanations are rated, and how many."""

    model: str
    corpus: str
    explainer: str
    round: int
    plan: Plan


class Atlas(NamedTuple):
    """What is read of a finished atlas. `controls` are rows of its run's table."""

    run: RunRecord
    explanations: Mapping[Head, Explanation]
    explained: frozenset[Head]  # whose verdict is that they are
    controls: Sequence[Mapping[str, Any]]
    events: Path


def read_atlas(folder: Path, controls: Path | None) -> Atlas:
    """The parts of a finished atlas; `controls` is controls.parquet of its run, if not in its
    place. Raises InputError if the folder is none."""
    if not (folder / "run.json").is_file():
        raise InputError(
            f"{folder}: no finished atlas; allowed: a folder such as "
            "results/demo/python-docs/symbolic/atlas/minilm, made by `make atlas`"
        )
    run = read_record(folder / "run.json", RunRecord)
    records = read_records(folder / "explanations.jsonl", PublishedExplanation)
    verdicts = read_table(folder / "verdicts.parquet", VERDICTS).to_pylist()
    table = controls or folder.parents[1] / f"round{run.round}" / "controls.parquet"
    return Atlas(
        run,
        {(e.layer, e.head): e for e in records if e.status == "explained"},
        frozenset((v["layer"], v["head"]) for v in verdicts if v["status"] == "explained"),
        read_table(table, CONTROLS).to_pylist(),
        folder / "raw_events.parquet",
    )


def study_of(atlas: Atlas, plan: Plan) -> Study:
    """The study of an atlas."""
    run = atlas.run
    return Study(
        model=run.model, corpus=run.corpus, explainer=run.explainer, round=run.round, plan=plan
    )


def draw_units(atlas: Atlas, plan: Plan) -> list[Unit]:
    """Heads drawn at random, each with its own explanation and with that of its first control;
    and catch trials. Raises InputError if fewer than two heads can be rated.
    """
    firsts: dict[Head, Head] = {}
    for row in atlas.controls:
        at, other = _pair(row)
        if (
            row["relation"] == "model"
            and row["rank"] == 0
            and {at, other} <= set(atlas.explanations)
        ):
            firsts[at] = other
    if len(firsts) < 2:
        raise InputError(
            f"{atlas.run.model}, {atlas.run.corpus}, {atlas.run.explainer}: "
            f"{len(firsts)} heads have an explanation and a control; at least 2 are needed to rate"
        )
    heads = sorted(firsts)
    drawn = generator(plan.seed, "heads").permutation(len(heads))[: plan.heads]
    chosen = [heads[n] for n in sorted(drawn.tolist())]
    pairs: list[tuple[Head, Head, Kind]] = [(at, at, "true") for at in chosen]
    pairs += [(at, firsts[at], "control") for at in chosen]
    taken = {(at, other) for at, other, _ in pairs}
    pairs += [(at, other, "catch") for at, other in obviously_wrong(atlas, plan.catch, taken)]
    return [_unit(atlas, plan, *pair) for pair in pairs]


def obviously_wrong(
    atlas: Atlas, count: int, taken: Collection[tuple[Head, Head]]
) -> list[tuple[Head, Head]]:
    """Heads with a control that is least like them, each once, those that count as explained
    first; pairs that are `taken` left out.

    Who reads the exemplars sees that such an explanation is not of this head.
    """
    likeness: dict[Head, tuple[float, Head]] = {}
    for row in atlas.controls:
        at, other = _pair(row)
        told = {at, other} <= set(atlas.explanations)
        if told and row["relation"] != "twin" and (at, other) not in taken:
            likeness[at] = min(likeness.get(at, (2.0, other)), (row["similarity"], other))
    found = sorted(
        (at not in atlas.explained, similarity, at, other)
        for at, (similarity, other) in likeness.items()
    )
    return [(at, other) for _, _, at, other in found[:count]]


def _pair(row: Mapping[str, Any]) -> tuple[Head, Head]:
    return (row["layer"], row["head"]), (row["other_layer"], row["other_head"])


def _unit(atlas: Atlas, plan: Plan, at: Head, other: Head, kind: Kind) -> Unit:
    told = atlas.explanations[other]
    events = _events(atlas.events, at)
    # A head's windows are the same whatever explanation they come with.
    rng = generator(plan.seed, "windows", *at)
    return Unit(
        layer=at[0],
        head=at[1],
        kind=kind,
        other_layer=other[0],
        other_head=other[1],
        digest=digest_of(told),
        title=told.title,
        summary=told.summary,
        exemplars=exemplars(events),
        unseen=unseen(events, plan.windows, rng),
    )


def _events(path: Path, at: Head) -> list[Event]:
    mine = (pc.field("layer") == at[0]) & (pc.field("head") == at[1])
    return events_of(read_table(path, EVENTS, where=mine), ["train", "test"])


def ordered(
    units: Sequence[Unit], plan: Plan, rater: int, rng: np.random.Generator
) -> list[tuple[int, int | None]]:
    """A rater's trials: the number of a unit, and the place of the trial that it repeats, if any.

    The first part has every head once, half of them with their own explanation, the second part
    the other way round; the next rater begins with the other half. Catch trials are spread over
    both. What is repeated was seen in the beginning, and comes again in the second part.
    """
    sides: dict[Head, dict[Kind, int]] = {}
    for number, unit in enumerate(units):
        if unit.kind != "catch":
            sides.setdefault((unit.layer, unit.head), {})[unit.kind] = number
    turns: tuple[Kind, Kind] = ("true", "control")
    parts = [
        rng.permutation([pair[turns[(n + turn) % 2]] for n, pair in enumerate(sides.values())])
        for turn in (rater, rater + 1)
    ]
    catches = rng.permutation([n for n, unit in enumerate(units) if unit.kind == "catch"]).tolist()
    half = len(catches) // 2
    first = _spread(parts[0].tolist(), catches[:half], rng)
    second = _spread(parts[1].tolist(), catches[half:], rng)
    places = [p for p, n in enumerate(first) if units[n].kind != "catch"]
    again = rng.permutation(places[: max(1, len(places) // 2)])[: plan.repeats].tolist()
    trials: list[tuple[int, int | None]] = [(n, None) for n in [*first, *second]]
    # Never beside the first showing: at least one other comes between.
    for place in again:
        at = int(rng.integers(len(first) + 1, len(trials) + 1))
        trials.insert(at, (first[place], place))
    return trials


def _spread(order: list[int], more: Sequence[int], rng: np.random.Generator) -> list[int]:
    """`more` put into an order at places that share it evenly."""
    found = list(order)
    for k, number in reversed([*enumerate(more)]):
        step = len(order) / max(len(more), 1)
        place = int(k * step + rng.integers(1, max(2, int(step) + 1)))
        found.insert(min(len(order), place), number)
    return found

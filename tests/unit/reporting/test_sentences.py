"""What is said of a head in a sentence each, on hand-made findings, and where it is said."""

from pathlib import Path
from typing import Any

import polars as pl
from claims_factory import write_claims
from places import TEMPLATES
from reporting_factory import EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.records.atlas import PublishedExplanation
from headatlas.records.effects import EFFECTS
from headatlas.records.writing import RelationShare
from headatlas.reporting.atlas import build
from headatlas.reporting.claims import read_claims
from headatlas.reporting.dependence import dependence
from headatlas.reporting.sentences import Told, sentences
from headatlas.reporting.writing import Beside, HeadWrites, Relation, Written
from headatlas.storage import read_records, write_rows

FIRST, SECOND, THIRD = EVERY_HEAD[:3]
WORSE = "Without it, the model predicts the next token worse"


def row(head: int, figure: str, value: float) -> dict[str, Any]:
    about = {"layer": 0, "head": head, "kind": "mean", "figure": figure, "value": value}
    return about | {"low": value - 0.5, "high": value + 0.5, "n": 4, "reason": None}


def relation(name: str, effect: str, share: float) -> Relation:
    found = RelationShare(
        relation=name, effect=effect, found=9, share=share, low=share - 0.1, high=1.0, shuffled=0.1
    )
    return Relation(found, 10, Beside(0.0, 0.9, None, None))


def weights(*relations: Relation) -> Written:
    head = HeadWrites(0.5, list(relations), [], first_mlp=True)
    return Written(10, [], {SECOND: head, THIRD: head}, {}, [], [])


def test_what_holds_on_test_text_is_said_to_be_written(tmp_path: Path) -> None:
    claims = read_claims(*write_claims(tmp_path), "toy")
    told = sentences([FIRST, SECOND, THIRD, "L07H00", "L08H00"], {}, claims, None, None)
    assert told[FIRST] == Told("Where it is most active, it raises the token it attends to.")
    assert told[THIRD] == Told("No clear effect on the next token.")
    assert told["L07H00"] == Told("Not known: no map.")
    assert told["L08H00"] == Told("Not known: it was not measured.")
    assert sentences([FIRST], {}, None, None, None) == {FIRST: Told()}


def test_relations_of_the_weights_are_said_beside_it(tmp_path: Path) -> None:
    claims = read_claims(*write_claims(tmp_path), "toy")
    some = [
        relation("plural", "raises", 0.5),
        relation("opposite", "raises", 0.15),  # as its chance may be
        relation("same token", "lowers", 0.9),
        relation("next month", "lowers", 0.6),
        relation("past tense", "lowers", 0.7),
    ]
    told = sentences([SECOND, THIRD], {}, claims, weights(*some), None)
    by_weights = (
        "by its weights it lowers, for a word it attends to, the same token and the past tense."
    )
    assert told[SECOND].writes == (
        f"Where it is most active, it raises the token it attends to; {by_weights}"
    )
    assert told[THIRD].writes == f"No clear effect on the next token; {by_weights}"
    told = sentences([THIRD], {}, claims, weights(relation("opposite", "raises", 0.15)), None)
    assert told[THIRD].writes == "No clear effect on the next token."


def test_what_depends_on_a_head_is_told_by_intervals() -> None:
    there = [row(1, "difference", 1.0), row(1, "margin", 1.0)]
    everywhere = [row(2, "difference", 1.0), row(2, "margin", 0.25)]
    found = dependence(
        [row(head, "loss", loss) for head, loss in enumerate((0.25, 1.0, 1.0, -1.0))]
        + [*there, *everywhere]
    )
    names = [f"L00H{head:02d}" for head in range(5)]
    assert [sentences(names, {}, None, None, found)[name].depends for name in names] == [
        "Without it, the model's loss does not clearly change.",
        f"{WORSE}, above all where its explanation says that it is active.",
        f"{WORSE}.",
        "Without it, the model predicts the next token better.",
        "Not known: it is not among the heads that were ablated.",
    ]


def test_pages_tables_and_explanations_say_it(tmp_path: Path) -> None:
    own, twin = write_claims(tmp_path)
    write_rows(tmp_path / "effects.parquet", [row(0, "loss", 1.0)], EFFECTS)
    inputs = write_run(tmp_path / "run")._replace(
        claims=own, random_claims=twin, effects=tmp_path / "effects.parquet"
    )
    out = tmp_path / "atlas"
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)
    raises = "Where it is most active, it raises the token it attends to."
    summary = pl.read_csv(out / "summary.csv")
    assert summary.select("writes", "depends").row(0) == (raises, f"{WORSE}.")
    first, *_ = read_records(out / "explanations.jsonl", PublishedExplanation)
    assert (first.writes, first.depends) == (raises, f"{WORSE}.")
    page = (out / f"heads/{FIRST}.html").read_text()
    assert f'What does it write?</h2>\n<p class="lead"><bdi>{raises}</bdi></p>' in page
    assert f'What depends on it?</h2>\n<p class="lead">{WORSE}.</p>' in page

"""Raters of known quality, through the real server: told apart, and every figure by hand."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from places import ROOT
from rating_factory import HEADS, explanation, rate_all, server, write_atlas

from headatlas.rating.store import Trial, begun, open_store
from headatlas.rating.study import Plan, draw_units, read_atlas, study_of
from headatlas.rating.units import Unit
from headatlas.records.base import head_name
from headatlas.records.ratings import RATING_SCORES, RATINGS
from headatlas.records.scores import HeadScores, Score, Verdict
from headatlas.storage import read_table, write_record

pytestmark = pytest.mark.slow

PLAN = Plan(heads=8, catch=2, repeats=3, windows=2, seed=0)
FLAGS = [word for name, value in PLAN for word in (f"--{name}", str(value))]
Figures = Mapping[tuple[str, str, str | None], Mapping[str, Any]]


def good(unit: Unit, trial: Trial) -> tuple[int, list[tuple[int, int]], str]:
    """Gives 5 or 4 to a head's own explanation, by the head, and 1 to others; marks what is
    active, and of another head's explanation half of it and half of the rest."""
    marks = [(w.window, at) for w in unit.unseen for at, active in enumerate(w.active) if active]
    if unit.kind == "true":
        return 4 + unit.head % 2, marks, f"In my words: {unit.head}, \n<b>=1+1" * (unit.head == 1)
    rest = [(w.window, at) for w in unit.unseen for at, off in enumerate(w.inactive) if off]
    return 1, marks[::2] + rest[::2], ""


def careless(random: Random) -> Callable[[Unit, Trial], tuple[int, list[tuple[int, int]], str]]:
    def judge(unit: Unit, trial: Trial) -> tuple[int, list[tuple[int, int]], str]:
        places = [(w.window, at) for w in unit.unseen for at in range(1, len(w.pieces))]
        return random.randint(1, 5), random.sample(places, len(places) // 2), ""

    return judge


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two raters who read and one who does not; the server is killed in between."""
    folder = tmp_path_factory.mktemp("rehearsal")
    atlas, ratings = write_atlas(folder / "run"), folder / "r.sqlite"
    read = read_atlas(atlas, None)
    begun(ratings, study_of(read, PLAN), draw_units(read, PLAN)).close()
    store = open_store(ratings)
    units = store.units()
    random = Random(3)
    judges = {"Ann": good, "Bob": good, "Careless": careless(random)}
    orders = {name: store.trials(store.join(name)) for name in judges}
    store.close()
    for part in (slice(0, 9), slice(9, None)):
        with server(atlas, ratings, *FLAGS) as (address, process):
            for name, judge in judges.items():
                rate_all(address, name, units, orders[name][part], judge)
            process.kill()
    for layer, head in HEADS:
        name = f"{head_name(layer, head)}.json"
        named = {"model": "toy", "corpus": "texts", "explainer": "symbolic", "round": 0}
        write_record(folder / "explanations" / name, explanation(layer, head))
        score = Score(split="test", metric="attention_gain", value=0.1 * (head % 2), n=1)
        verdict = Verdict(status="explained", reason=None, decided_by=[])
        scores = HeadScores(**named, layer=layer, head=head, verdict=verdict, scores=[score])
        write_record(folder / "scores" / name, scores)
    return folder


@pytest.fixture(scope="module")
def figures(folder: Path) -> Figures:
    names = [head_name(*at) for at in HEADS]
    command = [sys.executable, ROOT / "scripts/evaluate_ratings.py", "--heads", *names]
    command += ["--model", "toy", "--corpus", "texts", "--explainer", "symbolic"]
    command += ["--answers", folder / "r.sqlite", "--explanations", folder / "explanations"]
    command += ["--scores", folder / "scores", "--ratings", folder / "ratings.parquet"]
    command += ["--written", folder / "written.jsonl", "--out", folder / "figures.parquet"]
    subprocess.run([*map(str, command), "--bootstrap", "200"], check=True)
    rows = read_table(folder / "figures.parquet", RATING_SCORES).to_pylist()
    return {(row["raters"], row["measure"], row["metric"]): row for row in rows}


def test_nothing_is_lost(folder: Path, figures: Figures) -> None:
    rows = read_table(folder / "ratings.parquet", RATINGS).to_pylist()
    assert len(rows) == 3 * (16 + 2 + 3)
    assert all(row["rating"] and row["unsure"] is False and row["current"] for row in rows)
    assert sorted(row["place"] for row in rows if row["rater"] == 2) == list(range(21))


def test_who_reads_is_trusted_and_who_does_not_is_not(figures: Figures) -> None:
    told = {rater: figures[rater, "trusted", None]["value"] for rater in ("1", "2", "3")}
    assert told == {"1": 1, "2": 1, "3": 0}
    assert figures["1", "catches_found", None]["value"] == 1
    assert figures["3", "catches_found", None]["value"] < 1
    assert figures["1", "repeats_apart", None]["value"] == 0
    assert figures["3", "repeats_apart", None]["value"] > 0
    assert figures["1", "rating_auroc", None]["value"] == 1
    careless = figures["3", "rating_auroc", None]
    assert careless["low"] < 0.5 < careless["high"]


def test_figures_of_who_can_be_trusted_are_those_worked_out_by_hand(figures: Figures) -> None:
    def value(measure: str, metric: str | None = None) -> float:
        return figures["trusted", measure, metric]["value"]

    assert value("rating_true") == 4.5 and value("rating_control") == 1
    assert value("rating_margin") == 3.5 and value("rating_auroc") == 1
    assert value("alpha") == 1
    assert value("spearman", "attention_gain") == pytest.approx(1)
    assert value("marks_true") == 1
    assert value("marks_control") == pytest.approx(0.5, abs=0.1)
    assert figures["trusted", "alpha", None]["n"] == 16
    assert figures["all", "alpha", None]["value"] < 1


def test_figures_of_all_are_means_over_what_is_in_the_table(folder: Path, figures: Figures) -> None:
    rows = read_table(folder / "ratings.parquet", RATINGS).to_pylist()
    true = [r["rating"] for r in rows if r["kind"] == "true" and r["repeats"] is None]
    assert figures["all", "rating_true", None]["value"] == pytest.approx(np.mean(true))
    assert figures["all", "rating_true", None]["n"] == 8


def test_own_words_are_exported_under_a_number(folder: Path, figures: Figures) -> None:
    lines = [json.loads(line) for line in (folder / "written.jsonl").read_text().splitlines()]
    assert [(r["layer"], r["head"], r["rater"]) for r in lines] == [
        (layer, 1, rater) for layer in (0, 1) for rater in ("1", "2")
    ]
    assert lines[0]["text"] == "In my words: 1, \n<b>=1+1"
    assert "Ann" not in (folder / "written.jsonl").read_text()


def test_what_was_said_of_another_explanation_is_not_counted(folder: Path) -> None:
    from headatlas.rating.answers import rating_rows

    store = open_store(folder / "r.sqlite")
    now = {at: explanation(*at) for at in HEADS}
    now[0, 0] = now[0, 0].model_copy(update={"summary": "Something else."})
    del now[0, 1]
    stale = {
        (row["other_layer"], row["other_head"])
        for row in rating_rows(store, now)
        if not row["current"]
    }
    assert stale == {(0, 0), (0, 1)}

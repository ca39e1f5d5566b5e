"""People rate a finished run, and what they wrote is explained and tested beside the machine's."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_server import LlmServer
from workplace import Workplace

from headatlas.rating.store import begun
from headatlas.rating.study import Plan, draw_units, read_atlas, study_of
from headatlas.records.explanation import Explanation
from headatlas.storage import read_records

from .conftest import copied

WORDS = "Attends to <b>what</b> Ann says."
RATED = "data/ratings/tiny/words/symbolic.sqlite"


@pytest.fixture(scope="module")
def rated(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ann gives 4 to a head's own explanation and 1 to others, and writes about each head."""
    workplace = copied(finished, tmp_path_factory.mktemp("rated") / "run")
    atlas = read_atlas(workplace.atlas, None)
    plan = Plan(heads=3, catch=1, repeats=1, windows=1, seed=0)
    path = workplace.folder / RATED
    store = begun(path, study_of(atlas, plan), draw_units(atlas, plan))
    units, rater = store.units(), store.join("Ann")
    for trial in store.trials(rater):
        store.mark(rater, trial.place, None)
        own = units[trial.number].kind == "true"
        store.rate(rater, trial.place, 4 if own else 1, WORDS if own else "")
    store.close()
    return workplace


@pytest.fixture(scope="module")
def judge() -> Iterator[LlmServer]:
    def answers(body: dict[str, Any]) -> str:
        return "yes" if len(body["messages"][-1]["content"]) % 2 else "no"

    with LlmServer(answers) as server:
        yield server


def test_ratings_rerun_the_report_alone(rated: Workplace) -> None:
    assert rated.jobs() == Counter(evaluate_ratings=1, build_atlas=1)
    rated.run()
    assert rated.jobs() == Counter()
    report = (rated.atlas / "report.md").read_text()
    assert "1 of 1 raters can be trusted" in report
    assert "| Difference, by head | 3.00 " in report
    assert "Ann" not in (rated.atlas / "ratings.csv").read_text()


def test_what_people_wrote_stands_beside_the_machine(rated: Workplace, judge: LlmServer) -> None:
    written = "results/tiny/words/symbolic/round0/ratings/written.jsonl"
    entry = {"kind": "people", "file": "data/written.jsonl", "judge": "judge"}
    configuration = rated.configuration | {
        "endpoints": {"judge": {"model": "judge", "base_url": judge.base_url}},
        "explainers": rated.configuration["explainers"] | {"people": entry},
        "sweep": rated.configuration["sweep"] | {"explainers": ["symbolic", "people"]},
    }
    rated.run(written)
    text = (rated.folder / written).read_text()
    (rated.folder / "data/written.jsonl").write_text(text)
    rated.run("--resources", "calls=8", configuration=configuration)
    atlas = Path(str(rated.atlas).replace("symbolic", "people"))
    told = {(e.layer, e.head): e for e in read_records(atlas / "explanations.jsonl", Explanation)}
    by_ann = {(line["layer"], line["head"]) for line in map(json.loads, text.splitlines())}
    assert len(told) == 6 and len(by_ann) == 3
    for at, explanation in told.items():
        assert explanation.status == ("explained" if at in by_ann else "unexplained")
        assert (explanation.summary == WORDS) == (at in by_ann)
    with (rated.folder / "results/comparison/ratings.csv").open(newline="") as file:
        assert {row["explainer"] for row in csv.DictReader(file)} == {"symbolic"}
    with (rated.folder / "results/comparison/runs.csv").open(newline="") as file:
        found = {row["explainer"]: row["with_explanation"] for row in csv.DictReader(file)}
    assert found["people"] == "3"

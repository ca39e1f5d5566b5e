"""People rate a finished run and write about its heads; what they wrote is an explainer."""

import copy
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from explain_factory import ABOUT
from llm_server import LlmServer
from workplace import Workplace

from headatlas.event_rows import texts_of
from headatlas.explainers.llm.judge import judge_messages
from headatlas.explainers.people.explain import NOBODY, told
from headatlas.items import read_items
from headatlas.names import parse_head
from headatlas.rating.store import begun
from headatlas.rating.study import Plan, draw_units, read_atlas, study_of
from headatlas.reading.atlas import Atlas, open_atlas
from headatlas.records.base import head_name
from headatlas.records.events import EVENTS
from headatlas.storage import read_head

from .conftest import copied

RATED = "data/ratings/tiny/words/symbolic.sqlite"
RUN = "results/tiny/words"
WRITTEN = f"{RUN}/symbolic/round0/ratings/written.jsonl"
HEADS = 3  # that are rated, of six
TOGETHER = ["--set-threads", "explain_head_people=0", "judge_head_llm=0"]


def words(name: str) -> str:
    """What Ann writes of a head, by which a judge knows it."""
    return f"Attends to <b>all</b> that {name} attends to."


@pytest.fixture(scope="module")
def rated(finished: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Ann gives 4 to a head's own explanation and 1 to others, and writes about each head."""
    workplace = copied(finished, tmp_path_factory.mktemp("rated") / "run")
    atlas = read_atlas(workplace.atlas, None)
    plan = Plan(heads=HEADS, catch=1, repeats=1, windows=1, seed=0)
    path = workplace.folder / RATED
    store = begun(path, study_of(atlas, plan), draw_units(atlas, plan))
    units, rater = store.units(), store.join("Ann")
    for trial in store.trials(rater):
        store.mark(rater, trial.place, None)
        unit = units[trial.number]
        own = words(head_name(unit.layer, unit.head))
        store.rate(rater, trial.place, *((4, own) if unit.kind == "true" else (1, "")))
    store.close()
    return workplace


def test_ratings_rerun_the_report_alone(rated: Workplace) -> None:
    assert rated.jobs() == Counter(evaluate_ratings=1, build_atlas=1)
    rated.run()
    assert rated.jobs() == Counter()
    report = (rated.atlas / "report.md").read_text()
    assert "## What people say" in report
    assert "| Difference, by head | 3.00 " in report
    assert "Ann" not in (rated.atlas / "ratings.csv").read_text()


class Truth:
    """A judge that knows of each head what it does, and what is asked about which passage."""

    def __init__(self, run: Path):
        self._run = run
        self._known: dict[str, dict[str, bool]] = {}

    def __call__(self, body: dict[str, Any]) -> str:
        system, passage = (message["content"] for message in body["messages"])
        (name,) = re.findall(r"that (L\d\dH\d\d) attends to", system)
        if name not in self._known:
            self._known[name] = self._passages(name)
        return "yes" if self._known[name].get(passage) else "no"

    def _passages(self, name: str) -> dict[str, bool]:
        layer, head = parse_head(name)
        items = read_items(self._run / f"items/layer{layer:02d}.parquet", head)
        events = read_head(self._run / f"events/layer{layer:02d}.parquet", EVENTS, head)
        pieces = {text.window: text.pieces for text in texts_of(events, [*items])}
        return {
            judge_messages(told(ABOUT, ""), [item], pieces)[-1]["content"]: item.holds
            for some in items.values()
            for item in some
        }


@pytest.fixture(scope="module")
def judged(
    rated: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workplace, LlmServer]]:
    """What Ann wrote, as an explainer of the sweep, through the workflow to its end."""
    rated.run(WRITTEN)
    workplace = copied(rated, tmp_path_factory.mktemp("judged") / "run")
    shutil.copy(workplace.folder / WRITTEN, workplace.folder / "data/written.jsonl")
    with LlmServer(Truth(workplace.folder / RUN)) as server:
        config = copy.deepcopy(workplace.configuration)
        config["sweep"]["explainers"] = ["symbolic", "people"]
        judge = {"model": "tiny", "base_url": server.base_url, "calls_at_once": 8}
        config["endpoints"] = {"judge": judge | {"input_price": 1.0, "output_price": 2.0}}
        config["explainers"]["people"] = {
            "kind": "people", "file": "data/written.jsonl", "judge": "judge",
        }  # fmt: skip
        workplace.configuration = config
        workplace.run("estimate")
        assert not server.requests
        said = workplace.run(*TOGETHER)
        assert f"the atlas is in {workplace.folder}/{RUN}/people/atlas" in said.lower()
        yield workplace, server


@pytest.fixture
def atlas(judged: tuple[Workplace, LlmServer]) -> Atlas:
    return open_atlas(judged[0].folder / RUN / "people")


def test_what_people_wrote_is_judged_and_published(atlas: Atlas) -> None:
    found = {name: atlas.head(name) for name in atlas.heads["name"]}
    written = {name: told for name, told in found.items() if told.summary == words(name)}
    assert len(written) == HEADS and len(found) == 6
    assert {told.reason for name, told in found.items() if name not in written} == {NOBODY}
    assert all(told.candidates[0].score == 1.0 for told in written.values())
    scores = atlas.scores.filter(split="test", metric="detection_auroc").drop_nulls("value")
    assert scores["value"].to_list() == [1.0] * HEADS
    margins = atlas.scores.filter(split="test", metric="detection_auroc_margin")
    assert min(margins["value"].drop_nulls()) > 0.3
    page = atlas.page(next(iter(written))).read_text()
    assert "&lt;b&gt;all&lt;/b&gt;" in page and "<b>all</b>" not in page


def test_the_estimate_has_the_calls_that_were_made(judged: tuple[Workplace, LlmServer]) -> None:
    """A passage that is there twice may be asked about twice at the same time."""
    workplace, server = judged
    asked = {json.dumps(request.body) for request in server.requests}
    (row,) = pl.read_csv(workplace.folder / RUN / "people/estimate.csv").to_dicts()
    assert (row["task"], row["endpoint"], row["heads"]) == ("judge", "judge", HEADS)
    assert row["calls"] == len(asked) > 0 and row["dollars"] > 0


def test_people_and_machines_stand_in_one_table(
    judged: tuple[Workplace, LlmServer], atlas: Atlas
) -> None:
    workplace, _ = judged
    quality = pl.read_csv(workplace.folder / "results/comparison/quality.csv")
    both = quality.filter(metric="detection_auroc", depth_from=0, depth_to=1)
    assert {*both["explainer"]} == {"symbolic", "people"}
    assert both.filter(explainer="people")["value"].to_list() == [1.0]
    other = open_atlas(workplace.folder / RUN / "symbolic")
    for own, theirs in ((atlas, other), (other, atlas)):
        page = own.page("L01H01")
        places = re.findall(r'data-titles="([^"]+)"', page.read_text())
        assert [(page.parent / p).resolve().parent for p in places] == [theirs.folder.resolve()]


def test_a_second_run_asks_nobody(judged: tuple[Workplace, LlmServer]) -> None:
    workplace, server = judged
    before = len(server.requests)
    assert workplace.jobs() == {}
    shutil.rmtree(workplace.folder / RUN / "people/round0/judgements")
    workplace.run(*TOGETHER)
    assert len(server.requests) == before

"""The atlas of an invented model whose text is hostile.

The pages are compared with the files in `tests/golden/`. After a wanted change, look at the
pages, then write them anew with `UPDATE_GOLDEN=1 pytest tests/unit/reporting/test_atlas.py`.
"""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from golden_files import expect_golden
from places import ROOT
from reporting_factory import ATTACK, EVERY_HEAD, HEADS, LAYERS, RECIPE, RUN, explanation, write_run

from headatlas import storage
from headatlas.records.atlas import SCORES, VERDICTS, PublishedExplanation, RunRecord
from headatlas.records.events import EVENTS
from headatlas.reporting.atlas import OPTIONAL, build
from headatlas.reporting.environment import environment
from headatlas.reporting.heads import AtlasError
from headatlas.reporting.inputs import Inputs

TEMPLATES = ROOT / "workflow" / "templates"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def atlas(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("atlas")
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=2)
    return out


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        else:
            self.text += data


PAGES = ["index.html", "heads/L00H00.html", "heads/L00H02.html", "heads/L01H01.html"]


@pytest.mark.parametrize("name", ["index.html", "heads/L00H01.html", "report.md"])
def test_golden(atlas: Path, name: str) -> None:
    expect_golden(f"atlas_{Path(name).name}", (atlas / name).read_bytes().decode())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_its_own_script_alone_and_asks_for_nothing(atlas: Path, name: str) -> None:
    page = Page((atlas / name).read_text())
    own = environment(TEMPLATES).get_template("head.js" if "heads" in name else "index.js")
    assert page.scripts[-1] == own.render()
    assert len(page.scripts) == 1
    assert not {"img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    links = {value for key, value in page.attributes if key in ("href", "src", "action")}
    inside = re.compile(
        r"run\.json|#\w+|(\.\./)?index\.html(#\w+)?|(heads/)?L\d\dH\d\d\.html|data:,"
        r"|\.\./side\.html#L\d\dH\d\d"
    )
    assert all(inside.fullmatch(link or "") for link in links)


@pytest.mark.parametrize("name", [*PAGES, "report.md", "summary.csv"])
def test_hostile_text_is_shown_and_harmless(atlas: Path, name: str) -> None:
    text = (atlas / name).read_bytes().decode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]", text)
    if name.endswith(".html"):
        assert "</script><script>alert(1)</script> | `x` **y**" in Page(text).text
        assert "⏎␀ U+202E🙂" in Page(text).text


def test_the_report_keeps_its_tables(atlas: Path) -> None:
    report = (atlas / "report.md").read_text()
    for line in report.splitlines():
        assert "<script" not in line
        if line.startswith("| L0"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 6)
    assert "2 are explained, 2 unexplained, 0 not compared and 2 failed. Of the" in report
    assert "Gain over even attention (2): L00H00, L00H01." in report
    assert "Of 3 heads with random weights, 2 were given an explanation; of these 1 count" in report


def test_data_for_the_map_round_trips(atlas: Path) -> None:
    script = (atlas / "maps.js").read_text("ascii")
    start, end = "globalThis.headAtlasMaps = ", ";\n"
    assert script.startswith(start) and script.endswith(end)
    maps = json.loads(script.removeprefix(start).removesuffix(end))
    assert all(len(m["levels"]) == len(m["texts"]) == LAYERS * HEADS for m in maps)
    assert maps[0]["texts"] == ["0.20", "0.30", "–", "0.40", "0.50", "–"]
    assert maps[0]["levels"][0] == 22 and maps[0]["levels"][2] == -1  # of a signed measure
    cluster = next(m for m in maps if "alert" in m["texts"][0])
    assert cluster["texts"][0] == ATTACK.replace("\n\x00 \u202e", "⏎␀ U+202E")


STATUSES = ["unexplained", "unexplained", "failed", "explained", "explained", "failed"]


def test_tables(atlas: Path) -> None:
    events = pq.read_table(atlas / "raw_events.parquet")
    assert events.schema.equals(EVENTS, check_metadata=False)
    assert events.num_rows == LAYERS * HEADS * 8
    assert events["layer"].to_pylist() == sorted(events["layer"].to_pylist())
    assert storage.read_table(atlas / "scores.parquet", SCORES).num_rows == LAYERS * HEADS * 7
    verdicts = storage.read_table(atlas / "verdicts.parquet", VERDICTS).to_pylist()
    assert [row["status"] for row in verdicts] == STATUSES
    lines = (atlas / "explanations.jsonl").read_text().splitlines()
    found = [PublishedExplanation.model_validate_json(line) for line in lines]
    every = [explanation(layer, head) for layer in range(LAYERS) for head in range(HEADS)]
    assert found == [PublishedExplanation(**e.model_dump()) for e in every], "nothing was measured"
    summary = pl.read_csv(atlas / "summary.csv")
    assert summary["name"].to_list() == EVERY_HEAD
    assert summary["summary"][0].startswith("'=cmd()")
    assert summary["summary"][2] is None
    assert summary["reason"][2].startswith("'=cmd()")
    assert summary["attention_gain_margin"][0] == pytest.approx(-0.05)
    assert summary["attention_gain_layer_margin"][0] == pytest.approx(-0.1)
    assert summary["status"].to_list() == STATUSES
    reason = (
        "not above control: gain over even attention margin −0.05 [−0.15, 0.05] on test documents"
    )
    assert summary["reason"][0] == reason


def test_neighbours_are_linked(atlas: Path) -> None:
    page = Page((atlas / "heads" / "L00H02.html").read_text())
    assert ("href", "L00H01.html") in page.attributes
    assert ("href", "L01H00.html") in page.attributes


def command(inputs: Inputs, out: Path) -> list[str]:
    """The command line of the script for these inputs."""
    flags = {name.replace("_", "-"): value for name, value in inputs._asdict().items()}
    flags |= {**RUN._asdict(), "exemplars": 2, "out-dir": out, "recipe": RECIPE.model_dump_json()}
    words = [sys.executable, str(ROOT / "scripts" / "build_atlas.py")]
    for name, value in flags.items():
        if value is None:
            continue
        words += [f"--{name}", *map(str, value if isinstance(value, list | tuple) else [value])]
    return words


@pytest.mark.slow
def test_the_script_writes_the_same_bytes_and_clears_what_is_stale(
    inputs: Inputs, atlas: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    for name in ("heads/L07H00.html", *OPTIONAL):
        storage.write_text(again / name, "stale")
    subprocess.run(command(inputs, again), check=True)
    names = sorted(str(path.relative_to(atlas)) for path in atlas.rglob("*.*"))
    assert names == sorted(str(path.relative_to(again)) for path in again.rglob("*.*"))
    for name in names:
        assert (again / name).read_bytes() == (atlas / name).read_bytes(), name


@pytest.mark.slow
def test_the_script_ends_with_one_sentence_and_the_old_atlas_stays(
    inputs: Inputs, tmp_path: Path
) -> None:
    storage.write_text(tmp_path / "atlas/index.html", "old")
    broken = inputs._replace(events=[inputs.stats[0]])
    done = subprocess.run(command(broken, tmp_path / "atlas"), capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: .*layer00.parquet: columns .* are not as expected; delete it .*\n", done.stderr
    )
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "atlas",
        "atlas/index.html",
    ]
    assert (tmp_path / "atlas/index.html").read_text() == "old"


def test_records_of_another_run_are_refused(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="clusters: clustering is 'hdbscan'"):
        other = RUN._replace(clustering="k")
        build(other, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)


def test_a_head_not_above_its_control_keeps_its_explanation(atlas: Path) -> None:
    page = Page((atlas / "heads" / "L00H00.html").read_text()).text
    assert (
        "unexplained not above control: gain over even attention margin −0.05 [−0.15, 0.05]" in page
    )
    assert "attends to =cmd()" in page
    assert "unexplained" not in Page((atlas / "heads" / "L01H01.html").read_text()).text


@pytest.mark.slow
def test_without_a_twin_the_pages_say_so(inputs: Inputs, tmp_path: Path) -> None:
    build(RUN, inputs._replace(random_heads=[]), RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    assert "No heads with random weights were run" in (tmp_path / "report.md").read_text()
    assert "No heads with random weights were run" in (tmp_path / "index.html").read_text()


def test_heads_of_the_model_are_no_heads_with_random_weights(
    inputs: Inputs, tmp_path: Path
) -> None:
    own = inputs._replace(random_round=inputs.scores.parent)
    with pytest.raises(AtlasError, match="random weights of L00H00: model is 'toy'"):
        build(RUN, own, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)


def test_a_head_without_events_has_a_page(inputs: Inputs, tmp_path: Path) -> None:
    inputs = inputs._replace(events=inputs.events[:1])
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    assert "No exemplar windows" in (tmp_path / "heads" / "L01H00.html").read_text()


def test_an_atlas_of_some_heads(tmp_path: Path) -> None:
    names = ["L00H00", "L01H01"]
    inputs = write_run(tmp_path / "run", names)
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    pages = sorted(path.stem for path in (tmp_path / "heads").iterdir())
    assert pages == pl.read_csv(tmp_path / "summary.csv")["name"].to_list() == names
    index = Page((tmp_path / "index.html").read_text())
    assert "2 of 6 attention heads of toy" in index.text
    assert "Blank places are heads that this run leaves out." in index.text
    linked = {value for key, value in index.attributes if key == "href" and "heads/" in str(value)}
    assert linked == {f"heads/{name}.html" for name in names}
    first = Page((tmp_path / "heads" / "L00H00.html").read_text())
    assert ("rel", "prev") not in first.attributes
    assert ("href", "L01H01.html") in first.attributes
    assert "| heads | 2 of 6 |" in (tmp_path / "report.md").read_text()


def test_the_page_says_what_it_was_made_from(atlas: Path) -> None:
    record = storage.read_record(atlas / "run.json", RunRecord)
    assert record.recipe == RECIPE and record.commit == "ef" * 20
    assert record.windows["tokens_sha256"] == "12" * 32
    assert record.circumstances.packages["numpy"] == np.__version__
    page = Page((atlas / "index.html").read_text())
    assert ("href", "run.json") in page.attributes
    for said in ("ab" * 32, "cd" * 32, "ef" * 20, "12" * 32, '["<b>|*.txt"]', "U+202Etext"):
        assert said in page.text
    assert record.circumstances.python not in page.text  # pages are the same on every machine


def test_an_atlas_of_all_heads_says_so(atlas: Path) -> None:
    index = Page((atlas / "index.html").read_text()).text
    assert "Every attention head of toy" in index
    assert "Blank places" not in index
    assert "| heads | all 6 |" in (atlas / "report.md").read_text()


def test_probe_scores_are_not_presented_as_on_unseen_text(atlas: Path) -> None:
    page = (atlas / "heads" / "L00H00.html").read_text()
    measured = re.findall("<td>(test documents|own test texts)</td>", page)
    assert measured == ["test documents", "test documents", "own test texts"]

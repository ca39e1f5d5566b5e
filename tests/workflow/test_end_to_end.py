"""The whole workflow on a tiny model: what it leaves, what stops it, what a stop leaves."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from workplace import SCRIPT, Workplace, contents

from headatlas.records.atlas import SCORES, RunRecord
from headatlas.records.base import SPLITS
from headatlas.records.model import ModelInfo
from headatlas.records.registry import JSON_RECORDS
from headatlas.records.windows import WINDOWS
from headatlas.records.writing import LayerWriting
from headatlas.storage import read_facts, read_record, read_table

HEADS = [f"L{layer:02d}H{head:02d}" for layer in range(2) for head in range(3)]


def test_every_head_is_in_every_table_and_has_a_page(finished: Workplace) -> None:
    atlas = finished.atlas
    with (atlas / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == HEADS
    lines = (atlas / "explanations.jsonl").read_text().splitlines()
    assert [(e["layer"], e["head"]) for e in map(json.loads, lines)] == [
        (layer, head) for layer in range(2) for head in range(3)
    ]
    scores = read_table(atlas / "scores.parquet", SCORES).to_pylist()
    assert {(s["layer"], s["head"]) for s in scores} == {(n, h) for n in range(2) for h in range(3)}
    assert all((s["value"] is None) == bool(s["reason"]) for s in scores)
    assert {page.stem for page in (atlas / "heads").glob("*.html")} == set(HEADS)
    assert pq.read_metadata(atlas / "raw_events.parquet").num_rows > 0
    read_record(atlas / "clusters.json", JSON_RECORDS["clusters"])


def test_what_heads_write_is_told_of_the_model_and_of_its_twin(finished: Workplace) -> None:
    """... and every relation that its tokens can be asked about is in the table of the atlas."""
    results = finished.folder / "results"
    layers = [
        read_record(results / "tiny/weights/layers00-01" / f"layer0{n}.json", LayerWriting)
        for n in range(2)
    ]
    (twin,) = (results / "tiny+random/weights").glob("*/layer*.json")
    assert read_record(twin, LayerWriting).model == "tiny+random"
    asked = [r.name for r in layers[0].relations if not r.left_out]
    assert "next letter" in asked and "capital of the country" not in asked  # of single bytes
    assert all(layer.reason is None and len(layer.heads) == 3 for layer in layers)
    with (finished.atlas / "relations.csv").open() as file:
        rows = [(row["name"], row["relation"], row["effect"]) for row in csv.DictReader(file)]
    assert rows == [(h, r, e) for h in HEADS for r in asked for e in ("raises", "lowers")]


def test_no_document_and_no_window_is_in_two_splits(finished: Workplace) -> None:
    rows = read_table(finished.folder / "results/tiny/words/windows.parquet", WINDOWS).to_pylist()
    for key in ("document", "tokens"):
        seen = [{str(row[key]) for row in rows if row["split"] == split} for split in SPLITS]
        assert all(seen)
        assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2]), key


def test_a_run_says_what_it_was_made_from_and_nothing_of_the_machine(
    fresh: Workplace, finished: Workplace
) -> None:
    file = finished.atlas / "run.json"
    record = read_record(file, RunRecord)
    assert record.recipe.code.keys() == fresh.jobs().keys()
    assert record.recipe.configuration["models"].keys() == {"tiny"}
    windows = finished.folder / "results/tiny/words/windows.parquet"
    assert record.windows["tokens_sha256"] == read_facts(windows)["tokens_sha256"]
    paths = re.findall(r'"/[^"]*', file.read_text())
    assert not paths and str(finished.folder) not in file.read_text()


def test_a_twin_with_random_weights_goes_the_same_way(finished: Workplace) -> None:
    """... on the same windows, and no atlas is made of it."""
    results = finished.folder / "results"
    trained, twin = (
        read_record(results / name / "model.json", ModelInfo) for name in ("tiny", "tiny+random")
    )
    changed = {"model": "tiny+random", "random_seed": 0}
    assert twin == trained.model_copy(update=changed)
    assert sorted(path.name for path in (results / "tiny+random/words").iterdir()) == [
        "activations",
        "direct",
        "events",
        "items",
        "stats",
        "symbolic",
        "write_claims.json",
        "write_evidence.parquet",
    ]
    assert not (results / "tiny+random/words/symbolic/atlas").exists()
    names = ("words/events/layer00.parquet", "words/stats/layer00.parquet")
    for name in names:
        files = [results / model / name for model in ("tiny", "tiny+random")]
        assert files[0].read_bytes() != files[1].read_bytes()
    assert "Of 1 heads with random weights, " in (finished.atlas / "report.md").read_text()


class Elements(HTMLParser):
    """The scripts, handlers and texts of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.handlers: list[str] = []
        self.outside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attributes))
        self.handlers += [name for name, _ in attributes if name.startswith("on")]
        self.outside += [v for k, v in attributes if k in ("src", "href") and v and "//" in v]


def test_hostile_text_is_in_the_corpus_and_harms_no_page(finished: Workplace) -> None:
    pages = [*(finished.atlas / "heads").glob("*.html")]
    assert any("alert(1)" in page.read_text() for page in pages), "no page shows the hostile token"
    for page in [finished.atlas / "index.html", *pages]:
        text = page.read_bytes().decode()
        assert SCRIPT not in text and "\x00" not in text and "\x07" not in text
        elements = Elements(text)
        code = [s for s in elements.scripts if s.get("type") != "application/json"]
        assert len(code) <= 1 and not elements.handlers and not elements.outside


def test_a_second_run_elsewhere_gives_the_same_bytes(
    fresh: Workplace, finished: Workplace, tmp_path: Path
) -> None:
    """... though it is killed in the middle, and goes on with batches in another order."""
    subprocess.run(["cp", "-a", str(fresh.folder), str(tmp_path / "run")], check=True)
    workplace = Workplace(tmp_path / "run")
    process = subprocess.Popen(
        workplace.command(),
        cwd=workplace.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    waited = workplace.folder / "results/tiny/words/symbolic/round0/explanations"
    deadline = time.monotonic() + 600
    while len(list(waited.glob("L*.json"))) < 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "it ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(waited.glob("L*.json")), "it was killed before the middle"
    assert not workplace.atlas.exists()
    workplace.run("--unlock")
    assert "explain_head" in workplace.jobs()
    workplace.run()
    mine, theirs = contents(workplace.folder), contents(finished.folder)
    assert mine.keys() == theirs.keys()
    assert [name for name in theirs if mine[name] != theirs[name]] == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("scoring", "bootstrp"), 1, "scoring.bootstrp: "),
        (("sweep", "corpora"), ["wiki"], "sweep.corpora: 'wiki'"),
        (("models", "tiny", "n_layers"), 3, "models.tiny.n_layers: 3"),
        (("models", "tiny", "source"), "./nowhere", "models.tiny.source: './nowhere'"),
        (("corpora", "words", "files"), "none/*.txt", "corpora.words.files: 'none/*.txt'"),
        (("corpora", "words", "window_tokens"), 100, "corpora.words.window_tokens: 100"),
    ],
)
def test_bad_input_stops_before_the_first_job_and_loses_nothing(
    finished: Workplace, path: tuple[str, ...], value: object, sentence: str
) -> None:
    before = contents(finished.folder)
    done = finished.snakemake(configuration=finished.changed(*path, to=value))
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert f"config.yaml: {sentence}" in said and "allowed: " in said
    assert "Traceback" not in said and "rule " not in said
    assert contents(finished.folder) == before


def test_a_failed_job_says_why_and_leaves_no_partial_file(fresh: Workplace, tmp_path: Path) -> None:
    subprocess.run(["cp", "-a", str(fresh.folder), str(tmp_path / "run")], check=True)
    workplace = Workplace(tmp_path / "run")
    configuration = workplace.changed("corpora", "words", "sampled", to=12)
    configuration["corpora"]["words"]["windows_per_document"] = 1
    configuration["corpora"]["words"]["windows"] = 48
    configuration["corpora"]["words"]["split"] = {"train": 0.5, "validation": 0.25, "test": 0.25}
    done = workplace.snakemake("--show-failed-logs", configuration=configuration)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "error: " in said and "fewer than sampled, 12" in said and "Traceback" not in said
    of_the_model = {"tiny/model.json", "tiny+random/model.json", "tiny/repeats.parquet"}
    made = {name for name in contents(workplace.folder) if "/weights/" not in name}
    assert made <= of_the_model


def test_a_second_model_of_another_shape_and_a_selection_of_its_heads(swept: Workplace) -> None:
    """Grouped-query attention, no BOS, heads of two layers: an atlas of these heads."""
    atlas = swept.folder / "results/second/words/symbolic/atlas/minilm"
    with (atlas / "summary.csv").open() as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["L00H03", "L02H00", "L02H01"]
    windows = swept.folder / "results/second/words/windows.parquet"
    assert read_facts(windows)["bos"] == "none"
    assert all(row["tokens"][0] != 0 for row in read_table(windows, WINDOWS).to_pylist())


def test_shards_change_nothing_in_what_comes_out(
    fresh: Workplace, finished: Workplace, tmp_path: Path
) -> None:
    subprocess.run(["cp", "-a", str(fresh.folder), str(tmp_path / "run")], check=True)
    workplace = Workplace(tmp_path / "run")
    target = "results/tiny/words/events/layer01.parquet"
    workplace.run(target, configuration=workplace.changed("execution", "shards", to=3))
    mine, theirs = (
        read_table(w.folder / target, pq.read_schema(w.folder / target))
        for w in (workplace, finished)
    )
    for column in ("window", "query", "kind", "rank"):
        assert mine.column(column).equals(theirs.column(column)), column
    assert read_facts(finished.folder / "results/tiny/words/windows.parquet")["bos"] == "prepend"

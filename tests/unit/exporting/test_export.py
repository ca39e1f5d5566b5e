"""What is exported of an invented run: whole and in the form that others read, or nothing."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import unquote

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from finished_run import finished_run
from places import SCRIPTS, TEMPLATES
from reporting_factory import ATTACK, EVERY_HEAD, PIECES, explanation

from headatlas.errors import InputError
from headatlas.exporting import export as exporting
from headatlas.exporting.dataset import EXEMPLARS
from headatlas.exporting.export import export
from headatlas.reading.atlas import Atlas, open_atlas, open_atlases
from headatlas.storage import write_record

pytestmark = pytest.mark.slow

RUN = "toy/hostile/symbolic/hdbscan"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return open_atlas(finished_run(tmp_path_factory.mktemp("exporting") / "results"))


@pytest.fixture(scope="module")
def exported(atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "out"
    comparison = out.parent / "comparison"
    comparison.mkdir()
    (comparison / "index.html").write_text("compared")
    written = export(
        [atlas], out, templates=TEMPLATES, licence="cc0-1.0", exemplars=True, comparison=comparison
    )
    assert written == [out / name for name in ("dataset", "headvis", "site", "finetuning")]
    return out


def table(exported: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(exported / "dataset/data" / f"{name}.parquet")


def test_every_row_has_its_run_what_is_said_of_the_head_and_its_scores(exported: Path) -> None:
    files = {file.stem for file in (exported / "dataset/data").iterdir()}
    assert files == {
        *("heads", "explanations", "scores", "verdicts", "claims", "families", "exemplars"),
    }
    for name in files - {"families"}:
        found = table(exported, name)
        labels = {"name", "status", "family", "title", "attention_gain"}
        assert found.columns[:5] == ["model", "corpus", "explainer", "clustering", "round"], name
        assert labels <= set(found.columns), name
        assert set(found["model"]) == {"toy"} and set(found["name"]) <= set(EVERY_HEAD)
        told = found.filter(pl.col("name") == "L00H00")
        assert set(told["family"]) == {"<b>family</b> 0"}, name
        assert told["attention_gain"].to_list() == [0.2] * len(told), name
    heads = table(exported, "heads")
    assert heads["name"].to_list() == EVERY_HEAD
    assert heads["attention_gain_margin_low"].null_count() == 2


def test_exemplars_are_copied_whole(exported: Path, atlas: Atlas) -> None:
    before = pq.read_table(atlas.folder / "raw_events.parquet", columns=EXEMPLARS).to_pylist()
    assert pq.read_table(exported / "dataset/data/exemplars.parquet").select(
        EXEMPLARS
    ).to_pylist() == before  # fmt: skip


def test_the_card_says_what_is_there_and_where_it_comes_from(exported: Path) -> None:
    card = (exported / "dataset/README.md").read_text()
    _, front, body = card.split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["license"] == "cc0-1.0"
    files = {c["config_name"]: c["data_files"][0]["path"] for c in facts["configs"]}
    assert [c["config_name"] for c in facts["configs"] if c.get("default")] == ["heads"]
    for name, path in files.items():
        columns = re.findall(r"^\| `(\w+)` \|", body.split(f"### {name}\n")[1].split("##")[0], re.M)
        assert columns == pl.read_parquet_schema(exported / "dataset" / path).names()
    for said in ("ab" * 32, "cd" * 32, "ef" * 20, "12" * 32, "Gain over even attention"):
        assert said in body
    assert "<b>" not in body and "\u202e" not in body
    assert (exported / f"dataset/runs/{RUN}.json").is_file()


def test_datasets_opens_the_folder(exported: Path, tmp_path: Path) -> None:
    """In a process of its own, which keeps no cache elsewhere."""
    code = (
        "import sys, datasets\n"
        f"folder, cache = {str(exported / 'dataset')!r}, {str(tmp_path)!r}\n"
        "heads = datasets.load_dataset(folder, split='train', cache_dir=cache)\n"
        "scores = datasets.load_dataset(folder, 'scores', split='train', cache_dir=cache)\n"
        "print(len(heads), heads['name'][5], len(scores), scores['family'][0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "6 L01H02 42 <b>family</b> 0\n", done.stderr[-2000:]


def read(exported: Path, name: str) -> Any:
    return json.loads((exported / "headvis" / RUN / name).read_text())


def test_headvis_finds_what_its_contract_names(exported: Path) -> None:
    config, rows = read(exported, "config.json"), read(exported, "scatter_data.json")
    assert config["heads"] == [[row["layer"], row["head"]] for row in rows]
    assert len(rows) == 6 and (config["n_layers"], config["n_heads"]) == (2, 3)
    assert {"previous_token_score", "pattern_entropy", "attention_gain"} <= {*config["metrics"]}
    assert all({*config["metrics"]} <= row.keys() for row in rows)
    assert config["metric_descriptions"]["attention_gain"]
    assert rows[0]["previous_token_score"] == 0.0 and rows[4]["previous_token_score"] == 0.2
    assert rows[0]["title"].startswith("'=cmd() </script>") and rows[0]["status"] == "unexplained"
    assert rows[2]["attention_gain"] is None
    for layer, head in config["heads"]:
        found = read(exported, f"heads/L{layer}H{head}.json")
        for plot in config["custom_plots"]:
            edges, values = (found[plot["key"]][k] for k in ("bin_edges", "bin_values"))
            assert len(edges) == len(values) + 1
        for rows in config["custom_tables"]:
            assert all(row.keys() == {"token", "weight"} for row in found[rows["key"]])
        assert {*config["statistics_display"]} <= found["statistics"].keys()
    assert (
        read(exported, "server_config.json") == read(exported, "attributions/manifest.json") == {}
    )


def test_a_sequence_of_headvis_by_hand(exported: Path) -> None:
    """Every query attends with 0.6 to itself and with 0.3 to the token before, the first with 1."""
    found = read(exported, "heads/L0H1.json")
    size = len(PIECES)
    assert [s["sequence_id"] for s in found["sequences"]] == [0, 1]
    for sequence in found["sequences"]:
        assert sequence["tokens"] == PIECES and sequence["seq_len"] == size
        pairs = dict(zip(sequence["attention_indices"], sequence["attention_values"], strict=True))
        expected = {q * size + q: 0.6 for q in range(size)}
        expected |= {q * size + q - 1: 0.3 for q in range(1, size)} | {0: 1.0}
        assert pairs == expected
        assert sequence["max_activation"] == 0.6
        assert sequence["interval"] == 5
    assert found["qk_distance_histogram"]["bin_values"][:2] == [2 * (0.6 * 15 + 1), 2 * 0.3 * 15]
    assert found["statistics"]["n_samples"] == 2
    assert found["statistics"]["mean_max_activation"] == 0.6
    assert found["explanation"]["behaviours"][0]["attends_to"] == explanation(
        0, 1
    ).behaviours[0].attends_to  # fmt: skip
    assert found["behaviours"] == [{"token": ATTACK, "weight": 0.5}]


def test_the_site_has_all_pages_and_its_links_hold(exported: Path, atlas: Atlas) -> None:
    site = exported / "site"
    page = (site / "index.html").read_text()
    assert "toy" in page and "<script>alert" not in page
    for link in re.findall(r'href="([^"#:]+)"', page):
        assert (site / link).is_file(), link
    copied = site / "toy/hostile/symbolic/atlas/hdbscan"
    for file in atlas.folder.rglob("*.html"):
        assert (copied / file.relative_to(atlas.folder)).read_bytes() == file.read_bytes()
    assert not (copied / "raw_events.parquet").exists()
    assert (site / "comparison/index.html").read_text() == "compared"
    assert [found.run for found in open_atlases(site)] == [RUN]  # an atlas still


def test_the_search_of_the_site_leads_to_pages(exported: Path) -> None:
    script = (exported / "site/search.js").read_text()
    assert script.isascii()
    (heads,) = map(json.loads, re.findall(r"headAtlasHeads = (.*);\n", script))
    assert [head for _, head, _, _ in heads] == EVERY_HEAD
    assert all((exported / "site" / place).is_file() for _, _, _, place in heads)


def test_a_failure_leaves_what_was_there(atlas: Atlas, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export([atlas], out, templates=TEMPLATES, kinds=["headvis"])
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    with (
        mock.patch.object(exporting, "write_site", side_effect=OSError("disk")),
        pytest.raises(OSError, match="disk"),
    ):
        export([atlas], out, templates=TEMPLATES)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    assert [*tmp_path.iterdir()] == [out]


def test_a_folder_is_not_written_over_what_it_is_made_of(atlas: Atlas, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has .*hdbscan in it; allowed: a folder of its own"):
        export([atlas], atlas.folder.parent, templates=TEMPLATES)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="a file; allowed: a folder"):
        export([atlas], tmp_path / "file", templates=TEMPLATES)
    with pytest.raises(InputError, match=f"{RUN}: there are several atlases of this run"):
        export([atlas, atlas], tmp_path / "out", templates=TEMPLATES)


def test_the_script_exports_what_is_asked_for(atlas: Atlas, tmp_path: Path) -> None:
    results = atlas.folder.parents[4]
    script = [sys.executable, str(SCRIPTS / "tools/export_atlas.py"), str(results)]
    out = tmp_path / "out"
    done = subprocess.run(
        [*script, "--as", "headvis", "--out", str(out)], capture_output=True, text=True
    )
    assert done.stdout == f"{out}/headvis\n", done.stderr
    assert [file.name for file in out.iterdir()] == ["headvis"]
    done = subprocess.run([*script, "--run", "x"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("error: run x: no finished run in")


@pytest.fixture(scope="module")
def two(atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas, and one of another model without a score that the first has."""
    results = tmp_path_factory.mktemp("two") / "results"
    for model in ("toy", "<other>"):
        folder = results / model / "hostile/symbolic/atlas/hdbscan"
        shutil.copytree(atlas.folder, folder)
        write_record(folder / "run.json", atlas.record.model_copy(update={"model": model}))
    pl.read_csv(folder / "summary.csv").drop("pair_auroc").write_csv(folder / "summary.csv")
    out = results.parent / "export"
    export(open_atlases(results), out, templates=TEMPLATES, exemplars=True)
    return out


def test_runs_are_one_table_in_which_what_one_lacks_is_empty(two: Path) -> None:
    for name, rows in (("heads", 12), ("scores", 84), ("exemplars", 96)):
        found = table(two, name)
        assert found.height == rows and found["model"].unique().sort().to_list() == [
            "<other>", "toy",
        ]  # fmt: skip
        values = {model: own["pair_auroc"] for (model,), own in found.group_by("model")}
        assert values["<other>"].null_count() == rows / 2 > values["toy"].null_count()


def test_runs_are_one_site_in_which_all_heads_are_found(two: Path) -> None:
    page = (two / "site/index.html").read_text()
    assert "&lt;other&gt;" in page and "<other>" not in page
    linked = {unquote(link) for link in re.findall(r'href="([^"#:]+)"', page)}
    assert linked == {
        f"{model}/hostile/symbolic/atlas/hdbscan/{name}"
        for model in ("toy", "<other>")
        for name in ("index.html", "report.md")
    }
    script = (two / "site/search.js").read_text()
    (heads,) = map(json.loads, re.findall(r"headAtlasHeads = (.*);\n", script))
    assert len(heads) == 12 and all((two / "site" / head[3]).is_file() for head in heads)
    assert {file.name for file in (two / "headvis").iterdir()} == {"toy", "<other>"}

"""What jobs cost, from Snakemake's measurements."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from places import SCRIPTS

from headatlas.comparison.cost import cost_rows, model_rows, read_jobs
from headatlas.errors import InputError

SCRIPT = SCRIPTS / "compare_costs.py"
HEADER = "s\th:m:s\tmax_rss\tcpu_time\n"


def measure(folder: Path, name: str, seconds: float, rest: str = "100.0\t1.5") -> None:
    path = folder / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}{seconds}\t0:00:01\t{rest}\n")


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    folder = tmp_path / "benchmarks"
    measure(folder, "a/model", 4)
    measure(folder, "a/text/windows", 5)
    measure(folder, "a/text/activations/shard0", 10, "900.5\t20")
    measure(folder, "a/text/activations/shard1", 12, "800.5\t22")
    measure(folder, "a/text/symbolic/round0/explanations/L00H00", 1, "NA\tNA")
    measure(folder, "a/text/symbolic/round0/explanations/L00H01", 3, "-\t2.5")
    measure(folder, "a/text/symbolic/atlas/minilm/clusters", 6)
    measure(folder, "comparison/text/a/b/matches", 7)
    measure(folder, "gone/model", 1000)
    return folder


def test_jobs_are_added_up_by_what_they_are_about(benchmarks: Path) -> None:
    rows = cost_rows([*read_jobs(benchmarks, ["a"])], {"a": 2})
    names = ("model", "corpus", "explainer", "rule", "jobs", "seconds", "longest", "memory")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("", "", "", "match_heads", 1, 7, 7, 100),
        ("a", "", "", "inspect_model", 1, 4, 4, 100),
        ("a", "text", "", "sample_windows", 1, 5, 5, 100),
        ("a", "text", "", "cache_activations", 2, 22, 12, 900.5),
        ("a", "text", "symbolic", "explain_head", 2, 4, 3, None),
        ("a", "text", "symbolic", "cluster_heads", 1, 6, 6, 100),
    ]
    assert [row["seconds_per_head"] for row in rows] == [None, 2, 2.5, 11, 2, 3]
    assert rows[4]["cpu_seconds"] == 2.5
    (model,) = model_rows(rows, {"a": 2})
    assert (model["jobs"], model["seconds"], model["seconds_per_head"]) == (7, 41, 20.5)
    assert model["memory"] == 900.5
    (elsewhere,) = model_rows(rows, {"made elsewhere": 3})
    assert elsewhere["seconds"] is elsewhere["seconds_per_head"] is elsewhere["memory"] is None


def test_what_studies_vary_is_no_cost_of_the_sweep(benchmarks: Path) -> None:
    before = [*read_jobs(benchmarks, ["a"])]
    measure(benchmarks, "a/text/symbolic~texts=5/round0/explanations/L00H00", 100)
    measure(benchmarks, "a/text/symbolic/round0/families/minilm~encoder=x/clusters", 100)
    assert [*read_jobs(benchmarks, ["a"])] == before
    found = {job.explainer for job in read_jobs(benchmarks, ["a"], studied=True)}
    assert "symbolic~texts=5" in found


def asked(model: str, head: int, step: str, dollars: float | None) -> dict[str, object]:
    about = {"model": model, "corpus": "text", "explainer": "mini", "round": 0, "layer": 0}
    tokens = {"input_tokens": 500, "output_tokens": 10, "dollars": dollars, "seconds": 1.0}
    return {**about, "head": head, "step": step, "calls": 2, "retries": 1, **tokens}


def test_replies_are_added_to_the_jobs_that_asked(tmp_path: Path) -> None:
    measure(tmp_path, "a/text/mini/round0/explanations/L00H00", 1)
    usage = [
        *(asked("a", head, "explain", 0.02) for head in (0, 1)),
        asked("a", 0, "judge", 0.01),
        asked("a+random", 0, "judge", None),
    ]
    rows = cost_rows([*read_jobs(tmp_path, ["a"])], {"a": 2}, usage)
    names = ("model", "rule", "jobs", "calls", "input_tokens", "dollars", "dollars_per_head")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("a", "explain_head", 1, 4, 1000, 0.04, 0.02),
        ("a", "judge_head", 0, 2, 500, 0.01, 0.005),
        ("a+random", "judge_head", 0, 2, 500, None, None),
    ]
    (model,) = model_rows(rows, {"a": 2})
    assert (model["calls"], model["dollars"], model["dollars_per_head"]) == (6, 0.05, 0.025)
    (unasked,) = model_rows(cost_rows([*read_jobs(tmp_path, ["a"])], {"a": 2}), {"a": 2})
    assert (unasked["calls"], unasked["dollars"]) == (0, None)


def test_what_is_no_measurement_is_refused(benchmarks: Path) -> None:
    (benchmarks / "a/model.tsv").write_text("something else\n")
    with pytest.raises(InputError, match=r"model\.tsv: is not a benchmark"):
        list(read_jobs(benchmarks, ["a"]))


def test_the_script_writes_the_table_and_the_page(benchmarks: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    runs.write_text("model,corpus,heads\na,text,2\n")
    command = [sys.executable, str(SCRIPT), "--benchmarks", str(benchmarks), "--runs", str(runs)]
    command += ["--title", "<b>T</b>", "--table", str(tmp_path / "cost.csv")]
    subprocess.run([*command, "--page", str(tmp_path / "cost.html")], check=True)
    with (tmp_path / "cost.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rule"] for row in rows][:2] == ["match_heads", "inspect_model"]
    assert rows[4]["memory"] == ""
    page = (tmp_path / "cost.html").read_text()
    assert "&lt;b&gt;T" in page and "cache_activations" in page and "<script" not in page

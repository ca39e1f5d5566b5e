"""A sweep of two models through the workflow, to the comparison of its runs."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from workplace import ROOT, SCRIPT, Workplace

from headatlas.records.atlas import SCORES
from headatlas.records.comparison import COUNTERPARTS, SharedFamilies
from headatlas.records.transfers import ACTIVE_QUERIES, HOLDS, TRANSFERS
from headatlas.storage import read_record, read_table
from transfer_explanations import SCORES as SCORES_ELSEWHERE


def table(workplace: Workplace, name: str) -> list[dict[str, str]]:
    with (workplace.folder / "results/comparison" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_comparison_is_of_all_runs(swept: Workplace) -> None:
    runs = table(swept, "runs.csv")
    assert {(run["model"], run["heads"]) for run in runs} == {("tiny", "6"), ("second", "3")}
    sizes = [int(run["parameters"]) for run in runs]
    assert sizes == sorted(sizes)
    quality = table(swept, "quality.csv")
    assert {row["model"] for row in quality} == {"tiny", "second"}
    comparison = swept.folder / "results/comparison"
    counterparts = read_table(comparison / "counterparts.parquet", COUNTERPARTS).to_pylist()
    assert len(counterparts) == 6 + 3
    assert all(row["matched"] is not None for row in counterparts)
    universal = {(row["model"], row["by"]): row for row in table(swept, "universality.csv")}
    assert universal["tiny", "behaviour"]["heads"] == "6"
    assert universal["second", "behaviour"]["specific_expected"] == "2.85"
    families = read_record(comparison / "families.json", SharedFamilies)
    assert [group.corpus for group in families.groups] == ["words"]
    explained = sum(int(run["with_explanation"]) for run in runs)
    group = families.groups[0]
    assert sum(len(c.heads) for c in group.clusters) + len(group.unclustered) == explained


def test_what_heads_write_stands_beside_random_weights(swept: Workplace) -> None:
    rows = [row for row in table(swept, "claims.csv") if row["effect"] == "any"]
    assert {(r["model"], r["heads"], r["random_heads"]) for r in rows} == {
        ("tiny", "6", "1"),
        ("second", "3", "1"),
    }
    sides = {(row["model"], row["other"]) for row in table(swept, "claim_agreement.csv")}
    assert sides == {("tiny", "second"), ("second", "tiny")}


def test_a_comparison_that_fails_leaves_the_last_one_standing(
    swept: Workplace, tmp_path: Path
) -> None:
    subprocess.run(["cp", "-a", swept.folder, tmp_path / "run"], check=True)
    workplace = Workplace(tmp_path / "run", swept.snakefile)
    comparison = workplace.folder / "results/comparison"
    before = {path: path.read_bytes() for path in comparison.iterdir() if path.is_file()}
    assert len(before) == 14 + 2, "the comparison and its cost"
    matches = comparison / "words/tiny/second/matches.parquet"
    whole = matches.read_bytes()
    matches.write_bytes(whole[:100])
    done = workplace.snakemake(configuration=swept.configuration)
    assert done.returncode == 1 and "matches.parquet" in done.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert workplace.jobs(configuration=swept.configuration) == {
        "compare_runs": 1,
        "compare_costs": 1,
    }
    matches.write_bytes(whole)
    workplace.run(configuration=swept.configuration)
    assert (comparison / "finished/index.html").resolve() == comparison / "index.html"
    assert matches.read_bytes() == whole
    assert workplace.jobs(configuration=swept.configuration) == {}


def test_its_page_leads_to_every_atlas_and_shows_no_markup_of_the_corpus(swept: Workplace) -> None:
    comparison = swept.folder / "results/comparison"
    page = (comparison / "index.html").read_text()
    for model in ("tiny", "second"):
        link = f"../{model}/words/symbolic/atlas/minilm/index.html"
        assert f'href="{link}"' in page
        assert (comparison / link).is_file()
    assert SCRIPT not in page and "<script" not in page


def test_every_job_of_the_models_is_in_the_cost(swept: Workplace) -> None:
    cost = {(row["model"], row["rule"]): row for row in table(swept, "cost.csv")}
    for model, heads in (("tiny", "6"), ("second", "3")):
        assert cost[model, "inspect_model"]["jobs"] == "1"
        for rule in ("explain_head", "predict_head", "score_head"):
            assert cost[model, rule]["jobs"] == heads
            assert cost[f"{model}+random", rule]["jobs"] == "1"
    assert cost["", "compare_runs"]["jobs"] == "1"


def test_then_there_is_nothing_to_do(swept: Workplace) -> None:
    assert swept.jobs() == {}


def test_with_a_second_corpus_explanations_are_scored_on_the_other(swept: Workplace) -> None:
    more: dict[str, Any] = {**swept.configuration["corpora"]["words"], "window_tokens": 24}
    configuration = swept.changed("corpora", "more", to=more)
    configuration["sweep"]["corpora"] = ["words", "more"]
    jobs = swept.jobs(configuration=configuration)
    assert jobs["transfer_explanations"] == 2 * 2  # of each model, both ways
    assert jobs["explain_head"] == 6 + 3 + 2  # on the new corpus alone, two with random weights
    assert jobs["build_atlas"] == 2 + 2  # those of the first corpus tell how it does on the other
    assert jobs["compare_runs"] == jobs["match_heads"] == 1


def test_a_third_model_runs_its_own_jobs_and_the_comparison(swept: Workplace) -> None:
    third = {**swept.configuration["models"]["second"], "heads": ["L02H01"]}
    configuration = swept.changed("models", "third", to=third)
    configuration["sweep"]["models"] = ["tiny", "second", "third"]
    jobs = swept.jobs(configuration=configuration)
    assert jobs["match_heads"] == 2  # with each of the others
    assert (jobs["explain_head"], jobs["build_atlas"]) == (2, 1)  # one with random weights
    assert jobs["compare_runs"] == jobs["compare_costs"] == 1


def test_scored_on_its_own_corpus_an_explanation_has_its_own_score(
    swept: Workplace, tmp_path: Path
) -> None:
    run = swept.folder / "results/tiny/words"
    command = [sys.executable, str(ROOT / "scripts/transfer_explanations.py"), "--other", "words"]
    command += ["--events", *map(str, sorted((run / "events").iterdir()))]
    command += ["--features", str(run / "features")]
    command += ["--heads", "L01H02", "L00H00", "L00H01", "L00H02", "L01H00", "L01H01"]
    command += ["--explanations", str(run / "symbolic/round0/explanations")]
    subprocess.run(
        [*command, "--bootstrap", "20", "--out", str(tmp_path / "t.parquet")], check=True
    )
    scores = {
        (row["layer"], row["head"], row["metric"]): row["value"]
        for row in read_table(swept.atlas / "scores.parquet", SCORES).to_pylist()
        if row["split"] == "test"
    }
    moved = read_table(tmp_path / "t.parquet", TRANSFERS).to_pylist()
    own_names = {HOLDS, ACTIVE_QUERIES}
    verdicts = [row for row in moved if row["metric"] == HOLDS]
    assert len(moved) == 6 * (len(SCORES_ELSEWHERE) + len(own_names)) and len(verdicts) == 6
    moved = [row for row in moved if row["metric"] not in own_names]
    assert any(row["value"] is not None for row in moved)
    for row in moved:
        # Predictions are stored in half precision on the way to a score.
        own = scores[row["layer"], row["head"], row["metric"]]
        assert row["value"] == (own if own is None else pytest.approx(own, rel=1e-3, abs=1e-3))
        assert (row["value"] is None) == bool(row["reason"])


def test_a_second_comparison_gives_the_same_bytes(swept: Workplace, tmp_path: Path) -> None:
    results = swept.folder / "results"
    command = [sys.executable, str(ROOT / "scripts/compare_runs.py"), "--title", "Head Atlas"]
    command += ["--bootstrap", "50", "--clusterings", '{"minilm": {}}']
    command += ["--models", *(str(results / m / "model.json") for m in ("second", "tiny"))]
    atlases = [results / m / "words/symbolic/atlas/minilm" for m in ("second", "tiny")]
    matches = results / "comparison/words/tiny/second/matches.parquet"
    command += ["--matches", str(matches)]
    twins = ("tiny", "tiny+random", "second", "second+random")
    command += ["--claims", *(str(results / m / "words/write_claims.json") for m in twins)]
    command += ["--atlases", *map(str, atlases), "--out-dir", str(tmp_path)]
    subprocess.run(command, check=True)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert len(made) == 14
    for name in made:
        assert (tmp_path / name).read_bytes() == (results / "comparison" / name).read_bytes(), name
    assert pq.read_metadata(tmp_path / "counterparts.parquet").num_rows == 9

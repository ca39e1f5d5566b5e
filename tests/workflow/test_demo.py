"""The embedded default, whole: what is known of the demo model's heads is what the atlas says."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workplace import CORES, ROOT
from workplace import snakemake as run_snakemake

from headatlas.activations.repeats import joined, measure_repeats
from headatlas.records.base import head_name
from headatlas.records.matches import MATCHES
from headatlas.storage import read_facts, read_table
from headatlas.subjects.loading import load_subject

MODEL = ROOT / "workflow/resources/demo-model"
HEADS = [(layer, head) for layer in range(3) for head in range(8)]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the default configuration, made in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("config.yaml", "workflow"):
        (folder / name).symlink_to(ROOT / name)
    path = folder / "results/demo/python-docs/symbolic/atlas/minilm"
    assert f"The atlas is in {path}/index.html" in snakemake(folder)
    return path


def snakemake(folder: Path, *arguments: str) -> str:
    """Run the workflow in a folder to a good end. Returns what it said."""
    command = ["--snakefile", ROOT / "Snakefile", "--profile", ROOT / "profiles/local"]
    done = run_snakemake(folder, [*command, *CORES, *arguments])
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stderr


@pytest.fixture(scope="module")
def strongest() -> dict[str, tuple[int, int]]:
    """The head with the largest score on repeated random tokens, by score."""
    bridge = load_subject(str(MODEL), None, dtype="float32", device="cpu")
    measured = measure_repeats(bridge, range(bridge.cfg.n_layers))
    scores = {layer: joined([*by_length.values()]) for layer, by_length in measured.items()}
    found = {}
    for name in ("prefix_matching", "previous_token"):
        found[name] = max(HEADS, key=lambda at: scores[at[0]][name][:, at[1]].mean().item())
        layer, head = found[name]
        assert scores[layer][name][:, head].mean() >= 0.5, (
            "the demo model has no such head any more"
        )
    return found


def explanation(atlas: Path, head: tuple[int, int]) -> dict[str, Any]:
    lines = map(json.loads, (atlas / "explanations.jsonl").read_text().splitlines())
    return next(e for e in lines if (e["layer"], e["head"]) == head)


def test_every_head_has_a_row_and_a_page(atlas: Path) -> None:
    with (atlas / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["layer"]), int(row["head"])) for row in rows] == HEADS
    assert len(list((atlas / "heads").glob("L*.html"))) == len(HEADS)


@pytest.mark.parametrize(
    ("score", "family"), [("prefix_matching", "induction"), ("previous_token", "previous-token")]
)
def test_the_heads_whose_role_is_known_are_explained_by_it(
    atlas: Path, strongest: dict[str, tuple[int, int]], score: str, family: str
) -> None:
    head = strongest[score]
    found = explanation(atlas, head)
    told = [b["family"] for b in found["behaviours"] if b["family"] != "sink"]
    assert told[0] == family, found["summary"]
    scores_file = atlas.parents[1] / f"round0/scores/L{head[0]:02d}H{head[1]:02d}.json"
    scores = {(s["split"], s["metric"]): s for s in json.loads(scores_file.read_text())["scores"]}
    own = scores["test", "attention_correlation"]
    control = scores["test", "attention_correlation_control"]
    margin = scores["test", "attention_correlation_margin"]
    assert own["value"] > control["value"] + 0.1
    assert margin["low"] > 0


def test_random_weights_are_given_no_explanation_that_counts(atlas: Path) -> None:
    text = (atlas / "report.md").read_text()
    said = re.search(r"Of 8 heads with random weights, (\d) .* of these (\d) count as", text)
    assert said and said[2] == "0"


def test_every_head_is_matched_with_itself_though_the_tokens_are_others(atlas: Path) -> None:
    """The same weights behind a tokenizer with half of the merges: other tokens, the same heads."""
    folder = atlas.parents[5]
    shutil.copytree(MODEL, folder / "finer")
    tokenizer = json.loads((MODEL / "tokenizer.json").read_text())
    merges = tokenizer["model"]["merges"]
    del merges[len(merges) // 2 :]
    (folder / "finer/tokenizer.json").write_text(json.dumps(tokenizer))
    entry = {"source": "finer", "n_layers": 3, "n_heads": 8, "context": 256}
    (folder / "finer.yaml").write_text(json.dumps({"models": {"finer": entry}}))
    target = "results/comparison/python-docs/demo/finer/matches.parquet"
    snakemake(folder, "--configfile", "finer.yaml", "--", target)

    assert read_facts(folder / target)["passages"] > 230  # of 240
    rows = read_table(folder / target, MATCHES).to_pylist()
    best = [row for row in rows if row["rank"] == 0]
    for row in best:
        name = head_name(row["layer"], row["head"])
        assert head_name(row["other_layer"], row["other_head"]) == name
        assert row["mutual"] and row["similarity"] > row["null95"] and row["p"] < 0.05, name
    assert len(best) == 2 * len(HEADS)
    similarity = {rank: [r["similarity"] for r in rows if r["rank"] == rank] for rank in (0, 1)}
    assert np.median(similarity[0]) > 3 * np.median(similarity[1])

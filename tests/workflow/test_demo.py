"""The embedded default, whole: what is known of the demo model's heads is what the atlas says."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT

from headatlas.activations.repeats import measure_repeats
from headatlas.subjects.loading import load_subject

MODEL = ROOT / "workflow/resources/demo-model"
HEADS = [(layer, head) for layer in range(3) for head in range(8)]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The atlas of the default configuration, made in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("config.yaml", "workflow"):
        (folder / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile"]
    options = ["--profile", ROOT / "profiles/local", "--cores", "2"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    path = folder / "results/demo/python-docs/symbolic/atlas/minilm"
    assert f"The atlas is in {path}/index.html" in done.stderr
    return path


@pytest.fixture(scope="module")
def strongest() -> dict[str, tuple[int, int]]:
    """The head with the largest score on repeated random tokens, by score."""
    bridge = load_subject(str(MODEL), None, dtype="float32", device="cpu")
    scores = measure_repeats(bridge)
    found = {}
    for name in ("prefix_matching", "previous_token"):
        found[name] = max(HEADS, key=lambda at: scores[at[0]][name][at[1]].item())
        layer, head = found[name]
        assert scores[layer][name][head] >= 0.5, "the demo model has no such head any more"
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
    assert found["behaviours"][0]["family"] == family, found["summary"]
    scores_file = atlas.parents[1] / f"round0/scores/L{head[0]:02d}H{head[1]:02d}.json"
    scores = {(s["split"], s["metric"]): s for s in json.loads(scores_file.read_text())["scores"]}
    own = scores["test", "attention_correlation"]
    control = scores["test", "attention_correlation_control"]
    margin = scores["test", "attention_margin"]
    assert own["value"] > control["value"] + 0.1
    assert margin["low"] > 0

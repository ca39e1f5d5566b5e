"""How alike predictions are, and the script that chooses controls by it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import SCRIPTS

from headatlas.controls import DIFFERENT, SAME
from headatlas.predictions import Prediction, Predictions, write_predictions
from headatlas.records.base import head_name
from headatlas.records.controls import CONTROLS
from headatlas.scoring import alike
from headatlas.scoring.alike import alike_in_predictions
from headatlas.storage import read_table

LENGTH = 6
Rows = list[dict[int, float]]  # of each query, the keys and their weights
BEFORE: Rows = [{max(0, query - 1): 1.0} for query in range(LENGTH)]
ITSELF: Rows = [{query: 1.0} for query in range(LENGTH)]


def mixed(before: float) -> Rows:
    """So much on the token before, the rest on the token itself."""
    later = [{query - 1: before, query: 1 - before} for query in range(1, LENGTH)]
    return [{0: 1.0}, *later]


BOTH, NEARLY = mixed(0.5), mixed(0.95)


def predicted(head: int, *windows: Rows, split: str = "validation") -> Predictions:
    matrices = [np.zeros((LENGTH, LENGTH)) for _ in windows]
    for matrix, rows in zip(matrices, windows, strict=True):
        for query, row in enumerate(rows):
            matrix[query, list(row)] = list(row.values())
    found = [Prediction(split, n, np.ones(LENGTH), m, m) for n, m in enumerate(matrices)]
    return Predictions((0, head), found, None if windows else "no rules")


def test_alike_is_the_share_of_attention_in_common() -> None:
    heads = (BEFORE, NEARLY, ITSELF, BOTH)
    found = alike_in_predictions(predicted(n, w) for n, w in enumerate(heads))
    assert found.between((0, 0), (0, 1)) == pytest.approx(0.95, abs=1e-6)
    assert found.between((0, 0), (0, 2)) == pytest.approx(0, abs=1e-6)
    assert found.between((0, 0), (0, 3)) == pytest.approx(0.5, abs=1e-6)
    assert found.twins((0, 0)) == [(0, 1)]
    assert found.differing((0, 0)) == [(0, 2), (0, 3)]


def test_test_text_decides_nothing_and_heads_without_predictions_are_left_out() -> None:
    one = predicted(0, BEFORE, ITSELF)
    test = predicted(0, ITSELF, split="test").windows[0]._replace(window=9)
    one = replace(one, windows=[test, *one.windows])
    found = alike_in_predictions([one, predicted(1), predicted(2, BEFORE, ITSELF)])
    assert found.heads == [(0, 0), (0, 2)]
    assert found.twins((0, 0)) == [(0, 2)]
    nobody = alike_in_predictions([predicted(1)])
    assert (nobody.heads, nobody.differing((0, 1))) == ([], [])


def test_queries_are_drawn_evenly_from_all_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "QUERIES", 2)  # the first of the first window, the last of the last
    found = alike_in_predictions([predicted(0, BEFORE, ITSELF), predicted(1, BEFORE, BEFORE)])
    assert found.between((0, 0), (0, 1)) == pytest.approx(0.5, abs=1e-6)


def test_bounds_are_in_order() -> None:
    assert 0 < DIFFERENT < SAME < 1


def run(*flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "choose_controls.py", *flags]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_script_chooses_by_predictions(tmp_path: Path) -> None:
    for head, rows in enumerate((BEFORE, NEARLY, ITSELF)):
        write_predictions(tmp_path / f"{head_name(0, head)}.parquet", predicted(head, rows))
    out = tmp_path / "c.parquet"
    heads = ["--heads", *(head_name(0, head) for head in range(3))]
    done = run("--predictions", tmp_path, *heads, "--controls", 1, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    rows = read_table(out, CONTROLS).to_pylist()
    found = [(r["head"], r["relation"], r["other_head"]) for r in rows]
    assert found == [
        (0, "model", 2), (0, "twin", 1), (1, "model", 2), (1, "twin", 0), (2, "model", 0),
    ]  # fmt: skip
    done = run(*heads, "--out", out)
    assert done.returncode == 2 and "one of them is needed" in done.stderr

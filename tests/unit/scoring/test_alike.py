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
BEFORE: Rows = [{max(0, query - 1): 0.8} for query in range(LENGTH)]
ITSELF: Rows = [{query: 0.5} for query in range(LENGTH)]
REST: Rows = [{0: 1.0} for _ in range(LENGTH)]
TWICE: Rows = [{key: weight / 2 for key, weight in row.items()} for row in BEFORE]


def predicted(head: int, *windows: Rows, split: str = "validation") -> Predictions:
    matrices = [np.zeros((LENGTH, LENGTH)) for _ in windows]
    for matrix, rows in zip(matrices, windows, strict=True):
        for query, row in enumerate(rows):
            matrix[query, list(row)] = list(row.values())
    found = [Prediction(split, n, np.ones(LENGTH), matrix) for n, matrix in enumerate(matrices)]
    return Predictions((0, head), found, None if windows else "no rules")


def test_what_is_predicted_is_correlated_off_the_first_token() -> None:
    found = alike_in_predictions(predicted(n, w) for n, w in enumerate((BEFORE, TWICE, ITSELF)))
    assert found.between((0, 0), (0, 1)) == pytest.approx(1, abs=1e-6), "a scale does not matter"
    # Of 15 pairs 4 are of the token before, and 5 of the token itself.
    expected = -(4 * 5) / (4 * 11 * 5 * 10) ** 0.5
    assert found.between((0, 0), (0, 2)) == pytest.approx(expected, abs=1e-6)
    assert found.twins((0, 0)) == [(0, 1)]
    assert found.differing((0, 0)) == [(0, 2)]


def test_heads_that_rest_say_the_same_and_are_no_controls() -> None:
    found = alike_in_predictions(predicted(n, w) for n, w in enumerate((REST, BEFORE, REST)))
    assert found.twins((0, 0)) == [(0, 2)]
    assert found.differing((0, 0)) == [(0, 1)]
    assert found.differing((0, 1)) == []


def test_test_text_decides_nothing_and_heads_without_predictions_are_left_out() -> None:
    one = predicted(0, BEFORE, ITSELF)
    test = predicted(0, ITSELF, split="test").windows[0]._replace(window=9)
    one = replace(one, windows=[test, *one.windows])
    found = alike_in_predictions([one, predicted(1), predicted(2, BEFORE, ITSELF)])
    assert found.heads == [(0, 0), (0, 2)]
    assert found.twins((0, 0)) == [(0, 2)]
    nobody = alike_in_predictions([predicted(1)])
    assert (nobody.heads, nobody.differing((0, 1))) == ([], [])


def test_no_more_than_the_first_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "PAIRS", 15)  # of one window
    found = alike_in_predictions([predicted(0, BEFORE, ITSELF), predicted(1, BEFORE, BEFORE)])
    assert found.twins((0, 0)) == [(0, 1)]


def test_bounds_are_in_order() -> None:
    assert 0 < DIFFERENT < SAME < 1


def run(*flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / "choose_controls.py", *flags]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def test_script_chooses_by_predictions(tmp_path: Path) -> None:
    for head, rows in enumerate((BEFORE, TWICE, ITSELF)):
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

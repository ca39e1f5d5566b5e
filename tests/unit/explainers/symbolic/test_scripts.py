"""From events and features to an explanation and to predictions, by the scripts."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from places import SCRIPTS
from planted_windows import VOCABULARY, WINDOWS, T, Window, noisy, planted, sampled_contexts

from headatlas.errors import InputError
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.predict import activation_of, predictions_of
from headatlas.explainers.symbolic.windows import read_features, read_seen, write_features
from headatlas.predictions import read_predictions
from headatlas.records.base import SPLITS
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.storage import read_record, write_rows
from headatlas.triangle import pack

Change = Callable[[dict[str, object]], None]


def row_of(window: Window, head: int, split: str, number: int) -> dict[str, object]:
    return {
        "layer": 2,
        "head": head,
        "split": split,
        "kind": "random",
        "rank": number % WINDOWS,
        "window": number,
        "document": "d",
        "context_kind": "other",
        "query": 1,
        "peak": 1.0,
        "tokens": window.context.tokens.tolist(),
        "pieces": window.context.pieces,
        "activation": window.activation.tolist(),
        "attention": pack(window.attention).astype(np.float16),
        "keys": [-1] * T,
        "weights": [0.0] * T,
        "value_norm": [1.0] * T,
    }


def write_head(folder: Path, change: Change = lambda row: None) -> tuple[Path, Path]:
    """Events of a layer with a noise head (0) and an induction head (1), and their features."""
    rng = np.random.default_rng(7)
    rows = []
    for split_number, split in enumerate(SPLITS):
        contexts = sampled_contexts(rng)
        for number, context in enumerate(contexts, start=split_number * WINDOWS):
            heads = (
                noisy(context, rng),
                planted(context, [("after(same_token, last)", "any", 0.8)], rng),
            )
            rows += [row_of(window, head, split, number) for head, window in enumerate(heads)]
    for row in rows:
        change(row)
    events, features = folder / "events.parquet", folder / "features"
    write_rows(events, sorted(rows, key=lambda row: row["head"]), EVENTS)
    for split in SPLITS:
        own = [row for row in rows if row["split"] == split and row["head"] == 1]
        contexts = [Context(row["tokens"], row["pieces"]) for row in own]
        write_features(features / split, contexts, [row["window"] for row in own])
    return events, features


def run(script: str, *flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / script, *flags]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def explain_by_script(
    files: tuple[Path, Path], out: Path, head: int = 1
) -> subprocess.CompletedProcess[str]:
    events, features = files
    return run(
        "explain_head.py",
        *("--events", events, "--features", features, "--model", "m", "--corpus", "c"),
        *("--explainer", "symbolic", "--round", 0, "--layer", 2, "--head", head),
        *("--max-behaviours", 3, "--min-gain", 0.02, "--texts", 3, "--seed", 0, "--out", out),
    )


@pytest.mark.slow
def test_scripts_explain_and_predict(tmp_path: Path) -> None:
    files, out, predicted = write_head(tmp_path), tmp_path / "e.json", tmp_path / "p.parquet"
    assert explain_by_script(files, out).stderr == ""
    found = read_record(out, Explanation)
    assert (found.layer, found.head) == (2, 1)
    assert "induction" in [behaviour.family for behaviour in found.behaviours]
    assert found.title.startswith("Induction")

    done = run("predict_head.py", "--features", files[1], "--explanation", out, "--out", predicted)
    assert done.stderr == ""
    windows = read_predictions(predicted, (2, 1)).windows
    assert [p.split for p in windows] == ["validation"] * WINDOWS + ["test"] * WINDOWS
    assert [p.window for p in windows] == list(range(WINDOWS, 3 * WINDOWS))
    for window in windows:
        assert len(window.activation) == len(window.attention) == T
        for rows in (window.attention, window.position):
            assert rows.sum(axis=1) == pytest.approx(np.ones(T), abs=2e-3)

    again = tmp_path / "again.json"
    explain_by_script(files, again)
    assert again.read_bytes() == out.read_bytes()


def test_an_unexplained_head_has_predictions_with_the_reason(tmp_path: Path) -> None:
    files, out = write_head(tmp_path), tmp_path / "e.json"
    assert explain_by_script(files, out, head=0).returncode == 0
    found = read_record(out, Explanation)
    predicted = predictions_of(found, {"test": read_features(files[1], "test")})
    assert (predicted.windows, predicted.reason) == ((), found.reason)


@pytest.mark.slow
def test_nothing_of_the_test_split_reaches_an_explanation(tmp_path: Path) -> None:
    def spoil(row: dict[str, object]) -> None:
        if row["split"] == "test":
            row["activation"] = [9.0] * T
            row["attention"] = np.zeros(T * (T + 1) // 2, np.float16)
            row["tokens"], row["pieces"] = [7] * T, [" spoiled"] * T

    (tmp_path / "spoiled").mkdir()
    clean, spoiled = write_head(tmp_path), write_head(tmp_path / "spoiled", spoil)
    outs = tmp_path / "a.json", tmp_path / "b.json"
    for files, out in zip((clean, spoiled), outs, strict=True):
        explain_by_script(files, out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert "spoiled" not in json.dumps(read_record(outs[1], Explanation).model_dump())


def test_nothing_of_the_train_split_is_a_test_text(tmp_path: Path) -> None:
    def rename(row: dict[str, object]) -> None:
        if row["split"] == "train":
            row["pieces"] = [VOCABULARY[t].replace("word", "seen") for t in row["tokens"]]  # type: ignore[attr-defined]  # rows are untyped

    out = tmp_path / "e.json"
    explain_by_script(write_head(tmp_path, rename), out)
    found = read_record(out, Explanation)
    texts = "".join(found.positive_texts + found.negative_texts)
    assert "word" in texts
    assert "seen" not in texts


@pytest.mark.slow
def test_activation_of_texts_is_that_of_windows(tmp_path: Path) -> None:
    events, features = write_head(tmp_path)
    explain_by_script((events, features), tmp_path / "e.json")
    found = read_record(tmp_path / "e.json", Explanation)
    assert found.program is not None
    _, contexts = read_seen(events, features, 1, "validation")
    by_window = predictions_of(found, {"validation": read_features(features, "validation")})
    for one, other in zip(activation_of(found.program, contexts), by_window.windows, strict=True):
        assert one == pytest.approx(other.activation)


def test_features_of_other_windows_are_refused(tmp_path: Path) -> None:
    events, features = write_head(tmp_path)
    _, numbers = read_features(features, "train")
    assert numbers == list(range(WINDOWS))
    np.save(features / "train" / "windows.npy", np.arange(WINDOWS) + 1)
    with pytest.raises(InputError, match="its random windows of train are not those of"):
        read_seen(events, features, 1, "train")


@pytest.mark.slow
def test_a_head_without_windows_is_reported_in_one_sentence(tmp_path: Path) -> None:
    files = write_head(tmp_path)
    done = explain_by_script(files, tmp_path / "e.json", head=5)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "head 5 has no random window in the train split" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "e.json").exists()

"""A learned simulator on invented heads: it reads explanations of heads that it has not seen."""

import sys
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pytest
from places import ROOT

from headatlas.intervals import Estimate
from headatlas.reading.alike import Head
from headatlas.reading.atlas import Atlas
from headatlas.simulating import evaluation
from headatlas.simulating.data import BACK, HeadSeen, RunSeen, bucket, unseen
from headatlas.simulating.evaluation import correlation, evaluated, summarised

sys.path.insert(0, str(ROOT / "scripts/tools"))
import train_simulator

KINDS, HEADS, LENGTH, WINDOWS = 3, 12, 50, 24


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BATCH", 512)


def invented() -> tuple[RunSeen, dict[str, np.ndarray], dict[Head, Head]]:
    """Heads that are active where one of a few features holds; the explanation says which."""
    rng = np.random.default_rng(0)
    tokens = WINDOWS * LENGTH
    features = (rng.random((tokens, KINDS)) < 0.3).astype(np.float32)
    activation = np.stack([features[:, n % KINDS] for n in range(HEADS)])
    activation += rng.normal(0, 0.2, activation.shape).astype(np.float32)
    heads = [HeadSeen(("m", f"h{n}"), f"says {n}", n, 0.3, 0.5) for n in range(HEADS)]
    said = {
        head.text: np.eye(KINDS + HEADS)[n % KINDS] + 0.3 * np.eye(KINDS + HEADS)[KINDS + n]
        for n, head in enumerate(heads)
    }
    run = RunSeen(
        name="m/c/e/k",
        heads=heads,
        split=np.repeat(["train", "test"], tokens // 2),
        counted=np.arange(tokens) % LENGTH > 0,
        window=np.repeat(np.arange(WINDOWS), LENGTH),
        documents={n: f"d{n}" for n in range(WINDOWS)},
        tokens=np.zeros((tokens, BACK), np.int16),
        features=features,
        activation=activation,
        programs=np.where(np.arange(HEADS)[:, None] == 0, np.nan, activation).astype(np.float32),
    )
    return run, said, {head.head: head.head for head in heads}


def test_it_predicts_heads_that_it_has_not_seen_by_what_is_said_of_them() -> None:
    run, said, groups = invented()
    rows = evaluated([run], said, groups, folds=3, steps=200, seed=0)
    assert sorted(row["head"] for row in rows) == sorted(f"h{n}" for n in range(HEADS))
    assert all(row["simulator"] > 0.7 for row in rows)
    found = summarised(rows, 200, 0)
    assert found["program"].value == pytest.approx(1) and found["program"].n == HEADS - 1
    assert found["untold"].value is not None and found["untold"].value < 0.7
    over = found["simulator - untold"]
    assert over.low is not None and over.low > 0.1


def test_a_fold_learns_nothing_of_its_heads_and_of_test_windows() -> None:
    run, said, groups = invented()
    spoiled = run.activation.copy()
    spoiled[:, run.split == "test"] = 1000.0
    rows = evaluated([run], said, groups, folds=3, steps=5, seed=0)
    again = evaluated([run._replace(activation=spoiled)], said, groups, folds=3, steps=5, seed=0)
    assert [row["loss"] for row in rows] == [row["loss"] for row in again]
    of_fold = [
        head for head in run.heads if head.head[1] in {r["head"] for r in rows if not r["fold"]}
    ]
    spoiled = run.activation.copy()
    spoiled[[head.row for head in of_fold]] = 1000.0
    again = evaluated([run._replace(activation=spoiled)], said, groups, folds=3, steps=5, seed=0)
    first, second = (next(r["loss"] for r in found if r["fold"] == 0) for found in (rows, again))
    assert first == second


def test_test_windows_of_documents_that_another_run_trains_on_do_not_count() -> None:
    run, _, _ = invented()
    other = run._replace(documents={n: f"e{n}" for n in range(WINDOWS)} | {0: "d23"})
    kept = unseen([run, other])[0]
    gone = run.counted & ~kept.counted
    assert set(run.window[gone]) == {23}
    assert (kept.rows("train") == run.rows("train")).all()


def test_a_correlation_is_that_of_numpy_or_there_is_none() -> None:
    one, two = np.random.default_rng(0).normal(size=(2, 30))
    assert correlation(one, two) == pytest.approx(np.corrcoef(one, two)[0, 1])
    assert correlation(one, np.ones(30)) is None
    assert correlation(np.full(30, np.nan), two) is None and correlation(None, two) is None


def test_the_median_over_heads_is_of_those_that_have_both() -> None:
    rows = [
        {"run": run, "head": head, "simulator": s, "program": p, "other": 0.0, "untold": 0.0}
        | {"prompted": None}
        for run, head, s, p in (
            ("m/a", "h0", 0.5, 0.25),
            ("m/a", "h1", 0.5, 0.25),
            ("m/b", "h1", 1.0, 0.25),
            ("n/a", "h1", 0.25, None),
        )
    ]
    found = summarised(rows, 50, 0)
    assert found["simulator"].value == 0.5 and found["program"].n == 2
    assert found["simulator - program"].value == pytest.approx(0.375)
    assert isinstance(found["simulator - other"], Estimate)


def test_a_token_has_the_same_bucket_everywhere() -> None:
    assert bucket(" the") == bucket(" the") != bucket("the")
    assert 0 < bucket("\ud800") < 4096


def atlas_of(status: str, corpus: str) -> Any:
    """What is looked at of an atlas before anything is learned: one head."""
    atlas = Atlas.__new__(Atlas)
    vars(atlas).update(
        record=SimpleNamespace(model="m", corpus=corpus, explainer="e", clustering="k"),
        heads=pl.DataFrame({"name": ["L00H00"], "twins": [""]}),
        head=lambda name: SimpleNamespace(status=status, behaviours=[]),
    )
    return atlas


@pytest.mark.parametrize(
    ("flags", "atlases", "problem"),
    [
        (["--folds", "1"], [], "--folds 1; allowed: a whole number from 2"),
        (["--steps", "0"], [], "--steps 0; allowed: a whole number from 1"),
        ([], [atlas_of("unexplained", "a")], "0 heads have explanations"),
        ([], [atlas_of("explained", "a"), atlas_of("failed", "b")], "1 heads have explanations"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_a_sentence(
    flags: list[str], atlases: list[Any], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        mock.patch("sys.argv", ["train_simulator.py", *flags]),
        mock.patch.object(train_simulator, "chosen_atlases", lambda results, run: atlases),
        mock.patch("headatlas.reading.alike.behaviour_text", lambda head: ""),
        pytest.raises(SystemExit),
    ):
        train_simulator.main()
    assert problem in capsys.readouterr().err

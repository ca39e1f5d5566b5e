"""The ablation of a layer: what stands for a head, the passes that it takes, and its table."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, TOKENS, VOCABULARY, quiet, write_model
from places import SCRIPTS

from headatlas.activations.ablating import Stand, ablate_layer, z_of
from headatlas.activations.ablation import Ablation
from headatlas.activations.some_windows import some_windows
from headatlas.records.ablations import ABLATIONS
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_table, write_record, write_rows
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A bridge with grouped queries, and the windows of a corpus."""
    folder = tmp_path_factory.mktemp("run")
    with quiet():
        write_model(next(a for a in ARCHITECTURES if a.kind == "llama"), folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    write_record(folder / "model.json", info)
    tokens = torch.randint(3, VOCABULARY, (24, TOKENS), generator=torch.manual_seed(2))
    windows = [
        {"window": n, "split": SPLITS[n % 3], "document": f"d{n}", "start": 0, "sampled": n >= 6}
        | {"tokens": row, "pieces": ["a"] * TOKENS}
        for n, row in enumerate(tokens.tolist())
    ]
    write_rows(folder / "windows.parquet", windows, WINDOWS)
    return bridge, folder / "windows.parquet"


def ablated(subject: tuple[Any, Path], out: Path, **changed: Any) -> list[dict[str, Any]]:
    how = {"limit": 5, "references": 4, "zero": True, "seed": 0, "batch_size": 2, **changed}
    ablate_layer(subject[0], 1, [0, 3], subject[1], out, **how)
    return read_table(out, ABLATIONS).to_pylist()


def test_windows_are_taken_at_equal_steps(subject: tuple[Any, Path]) -> None:
    _, path = subject
    assert some_windows(path, "test", 3, sampled=True).windows == [8, 14, 20]
    assert some_windows(path, "train", 100, sampled=False).windows == list(range(0, 24, 3))
    found = some_windows(path, "test", 3, sampled=True)
    rows = read_table(path, WINDOWS).column("tokens").to_pylist()
    assert found.tokens.tolist() == [rows[n] for n in found.windows]
    assert some_windows(path, "test", 0, sampled=True).windows == []


def test_what_stands_for_a_head() -> None:
    reference = torch.arange(24.0).reshape(3, 2, 2, 2)  # window, head, token, d_head
    stand = Stand(reference, seed=0)
    torch.testing.assert_close(stand.of("mean", 1, [5, 6]), reference[1:2, 1])
    assert stand.of("zero", 1, [5]).abs().max() == 0
    drawn = stand.of("resampled", 0, range(20))
    assert all(any(torch.equal(z, other) for other in reference[:, 0]) for z in drawn)
    assert len({float(z.sum()) for z in drawn}) == 3, "all reference windows are drawn"
    torch.testing.assert_close(stand.of("resampled", 0, [7]), drawn[7:8])


def test_the_table_is_that_of_passes_by_hand(subject: tuple[Any, Path], tmp_path: Path) -> None:
    rows = ablated(subject, tmp_path / "a.parquet")
    assert len(rows) == 2 * 3 * 5
    bridge, path = subject
    some = some_windows(path, "test", 5, sampled=True)
    reference = z_of(bridge, 1, some_windows(path, "train", 4, sampled=False), 8)
    assert reference.shape[:3] == (4, HEADS, TOKENS)
    run = Ablation(bridge, some.tokens, [1])
    total, direct = run.total_and_direct((1, 3), reference[:, 3].mean(0, keepdim=True))
    for n, window in enumerate(some.windows):
        (row,) = (r for r in rows if (r["head"], r["kind"], r["window"]) == (3, "mean", window))
        np.testing.assert_allclose(row["loss"], (total.loss - run.own.loss)[n], atol=1e-5)
        np.testing.assert_allclose(row["direct"], (direct - run.own.loss)[n], atol=1e-5)
        np.testing.assert_allclose(row["kl"], total.kl[n], atol=1e-5)
    assert {row["kind"] for row in rows if row["direct"] is None} == {"resampled", "zero"}
    of = {(r["head"], r["kind"], r["window"]): np.array(r["loss"]) for r in rows}
    for window in some.windows:
        kinds = [of[0, kind, window] for kind in ("mean", "resampled", "zero")]
        assert np.abs(kinds[0] - kinds[1]).max() > 1e-4 < np.abs(kinds[0] - kinds[2]).max()


def test_batches_change_nothing(subject: tuple[Any, Path], tmp_path: Path) -> None:
    one, other = (ablated(subject, tmp_path / f"{n}.parquet", batch_size=n) for n in (1, 4))
    key = ("head", "kind", "window")
    together = {tuple(row[k] for k in key): row for row in other}
    for row in one:
        same = together[tuple(row[k] for k in key)]
        np.testing.assert_allclose(row["loss"], same["loss"], atol=1e-5)


def test_no_windows_or_no_heads_are_no_rows(subject: tuple[Any, Path], tmp_path: Path) -> None:
    assert ablated(subject, tmp_path / "a.parquet", limit=0) == []
    assert {row["kind"] for row in ablated(subject, tmp_path / "b.parquet", zero=False)} == {
        "mean",
        "resampled",
    }


def test_passes_begin_at_the_layer(subject: tuple[Any, Path], tmp_path: Path) -> None:
    """Layers run, counted: none below the layer for a head, none behind z for the reference."""
    bridge, _ = subject
    ran = {0: 0, 1: 0}
    hooks = [
        block.attn.register_forward_pre_hook(
            lambda module, given, n=n: ran.__setitem__(n, ran[n] + 1)
        )
        for n, block in enumerate(bridge.blocks)
    ]
    try:
        ablated(subject, tmp_path / "a.parquet", zero=False)
    finally:
        for hook in hooks:
            hook.remove()
    batches, references, passes = 3, 2, 2 * 2 * 3  # heads, kinds and batches
    own = 1 + references + batches  # a pass of a few tokens tells whether the stream is a sum
    assert ran == {0: own, 1: own + passes}


@pytest.mark.slow
def test_memory_holds_one_batch(
    subject: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the batches that were run before, nothing is kept."""
    import gc
    import weakref

    alive: list[weakref.ref[Ablation]] = []
    most = 0
    begin = Ablation.__init__

    def counted(self: Ablation, *given: Any) -> None:
        nonlocal most
        begin(self, *given)
        gc.collect()
        alive.append(weakref.ref(self))
        most = max(most, sum(ref() is not None for ref in alive))

    monkeypatch.setattr(Ablation, "__init__", counted)
    ablated(subject, tmp_path / "a.parquet", batch_size=1)
    assert len(alive) == 5 and most <= 2


@pytest.mark.slow
def test_script(subject: tuple[Any, Path], tmp_path: Path) -> None:
    _, windows = subject
    out = tmp_path / "layer01.parquet"
    command = [sys.executable, SCRIPTS / "ablate_heads.py", "--windows", windows, "--out", out]
    command += ["--model-info", windows.parent / "model.json", "--layer", "1"]
    command += ["--heads", "0", "3", "--test-windows", "5", "--reference-windows", "4", "--zero"]
    subprocess.run(command, check=True)
    rows, expected = (
        read_table(out, ABLATIONS).to_pylist(),
        ablated(subject, tmp_path / "a.parquet"),
    )
    key = ("head", "kind", "window")
    by_place = {tuple(row[k] for k in key): row["loss"] for row in rows}
    assert len(rows) == len(expected)
    for row in expected:
        np.testing.assert_allclose(by_place[tuple(row[k] for k in key)], row["loss"], atol=1e-5)


def test_where_norms_stand_in_the_stream_there_is_no_direct_effect(
    subject: tuple[Any, Path], tmp_path: Path
) -> None:
    with quiet():
        write_model(next(a for a in ARCHITECTURES if a.kind == "openai-gpt"), tmp_path)
        info = inspect("x", str(tmp_path), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    rows = ablated((bridge, subject[1]), tmp_path / "ablations.parquet")
    assert rows and all(row["direct"] is None for row in rows)
    assert any(np.abs(row["loss"]).max() > 0 for row in rows)

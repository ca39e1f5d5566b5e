"""Sets of heads ablated together, against naive passes, and the script on them."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, TOKENS, VOCABULARY, quiet, write_model
from places import SCRIPTS

from headatlas.activations.ablating_sets import losses_without
from headatlas.activations.some_windows import some_windows
from headatlas.records.clusters import Cluster, Clusters
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_table, write_record, write_rows
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

SPLITS = ("train", "validation", "test")
HOW = {"limit": 5, "references": 4, "batch_size": 2}


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("run")
    with quiet():
        write_model(next(a for a in ARCHITECTURES if a.kind == "llama"), folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    write_record(folder / "model.json", info)
    tokens = torch.randint(3, VOCABULARY, (24, TOKENS), generator=torch.manual_seed(2))
    common = {"start": 0, "sampled": True, "pieces": ["a"] * TOKENS}
    windows = [
        {"window": n, "split": SPLITS[n % 3], "document": f"d{n}", "tokens": row, **common}
        for n, row in enumerate(tokens.tolist())
    ]
    write_rows(folder / "windows.parquet", windows, WINDOWS)
    return bridge, folder / "windows.parquet"


@torch.inference_mode()
def test_all_heads_of_a_set_are_at_their_means(subject: tuple[Any, Path]) -> None:
    bridge, path = subject
    sets = [[(0, 1), (1, 0), (1, 3)], [(1, 2)]]
    found = losses_without(bridge, sets, path, **HOW)
    assert found.shape == (2, 5)
    tested = some_windows(path, "test", 5, sampled=True).tokens
    reference = some_windows(path, "train", 4, sampled=False).tokens
    _, cache = bridge.run_with_cache(reference)

    def put(chosen: list[Any], z: torch.Tensor, hook: Any) -> torch.Tensor:
        mean = cache[hook.name].mean(0).view(TOKENS, HEADS, -1)
        split = z.view(*z.shape[:2], HEADS, -1).clone()
        for layer, head in chosen:
            if layer == hook.layer():
                split[:, :, head] = mean[:, head]
        return split.view(z.shape)

    def loss(hooks: list[Any]) -> torch.Tensor:
        logits = bridge.run_with_hooks(tested, fwd_hooks=hooks)[:, :-1].transpose(1, 2)
        return torch.nn.functional.cross_entropy(logits, tested[:, 1:], reduction="none").mean(1)

    for row, chosen in zip(found, sets, strict=True):
        hooks = [(f"blocks.{layer}.attn.hook_z", partial(put, chosen)) for layer in range(2)]
        np.testing.assert_allclose(row, (loss(hooks) - loss([])).numpy(), atol=1e-5)


def test_nothing_to_ablate_is_nothing(subject: tuple[Any, Path]) -> None:
    assert losses_without(subject[0], [], subject[1], **HOW).shape == (0, 5)


@pytest.mark.slow
def test_the_script_tells_families_beside_random_heads(
    subject: tuple[Any, Path], tmp_path: Path
) -> None:
    about = {"agreement": 1.0, "specificity": 1.0, "coverage": 0.5, "terms": [], "label": "a"}
    clusters = Clusters(
        model="x",
        corpus="c",
        explainer="e",
        clustering="k",
        clusters=[
            Cluster(cluster=0, heads=["L00H00", "L01H01"], medoid="L00H00", **about),
            Cluster(
                cluster=4, heads=[f"L01H{n:02d}" for n in range(HEADS)], medoid="L01H00", **about
            ),
        ],
        unclustered=[],
        unexplained=[],
    )
    write_record(tmp_path / "clusters.json", clusters)
    out = tmp_path / "effects.parquet"
    heads = [f"L{layer:02d}H{head:02d}" for layer in range(2) for head in range(HEADS)]
    command = [sys.executable, SCRIPTS / "ablate_families.py", "--windows", subject[1]]
    command += ["--model-info", subject[1].parent / "model.json", "--clusters"]
    command += [tmp_path / "clusters.json", "--heads", *heads, "--test-windows", "3"]
    command += ["--reference-windows", "4", "--family-draws", "3", "--seed", "0", "--out", out]
    subprocess.run([*command, "--device", "cpu", "--batch-size", "2"], check=True)
    rows = {
        (row["cluster"], row["figure"]): row for row in read_table(out, FAMILY_EFFECTS).to_pylist()
    }
    assert set(rows) == {(n, f) for n in (0, 4) for f in ("loss", "random", "difference")}
    first = losses_without(
        subject[0], [[(0, 0), (1, 1)]], subject[1], limit=3, references=4, batch_size=2
    )
    assert rows[0, "loss"]["value"] == pytest.approx(float(first.mean()), abs=1e-5)
    assert (rows[0, "loss"]["n"], rows[0, "random"]["n"], rows[0, "loss"]["heads"]) == (3, 3, 2)
    assert rows[4, "random"]["value"] is None and rows[4, "random"]["reason"]

"""Gradient estimates of all heads at once: the slope of the exact effect, and all of it where
the model is linear."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, TOKENS, VOCABULARY, WINDOWS, quiet, write_model
from places import SCRIPTS

from headatlas.activations.ablation import Ablation
from headatlas.activations.attribution import estimates, mean_z
from headatlas.activations.some_windows import Some
from headatlas.records.attribution import ATTRIBUTION
from headatlas.records.windows import WINDOWS as TABLE
from headatlas.storage import read_table, write_record, write_rows
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

KINDS = ("gpt2", "gptj", "bloom", "llama", "gemma2", "olmo2")
CASES = [next(a for a in ARCHITECTURES if a.kind == kind) for kind in KINDS]


@pytest.fixture(scope="module", params=CASES, ids=lambda a: a.kind)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bridge, some windows, and the folder of the model."""
    folder = tmp_path_factory.mktemp(request.param.kind)
    with quiet():
        write_model(request.param, folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    write_record(folder / "model.json", info)
    tokens = torch.randint(3, VOCABULARY, (WINDOWS, TOKENS), generator=torch.manual_seed(1))
    return bridge, Some(list(range(WINDOWS)), tokens), folder


def z_by_layer(bridge: Any, tokens: torch.Tensor) -> dict[int, torch.Tensor]:
    """z of each layer, [window, head, token, d_head], by the cache."""
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(tokens)
    return {
        n: cache[f"blocks.{n}.attn.hook_z"].reshape(*tokens.shape, HEADS, -1).transpose(1, 2)
        for n in range(2)
    }


def test_the_mean_is_that_over_windows(subject: Any) -> None:
    bridge, some, _ = subject
    found = mean_z(bridge, [0, 1], some, 1)
    for layer, z in z_by_layer(bridge, some.tokens).items():
        torch.testing.assert_close(found[layer], z.mean(0), atol=1e-5, rtol=1e-5)


def test_an_estimate_is_the_slope_of_the_exact_effect(subject: Any) -> None:
    """On the way from z to its replacement, a thousandth of the way costs a thousandth of it."""
    bridge, some, _ = subject
    own = z_by_layer(bridge, some.tokens)
    step = 1e-3
    target = {n: torch.randn(z.shape[1:], generator=torch.manual_seed(n)) for n, z in own.items()}
    found = dict(estimates(bridge, target, some, 1))
    run = Ablation(bridge, some.tokens)
    for layer, head in ((0, 1), (0, 3), (1, 0)):
        z, towards = own[layer][:, head], target[layer][head]
        there, back = (
            run.total({(layer, head): z + way * (towards - z)}).loss.double().mean(1)
            for way in (step, -step)
        )
        slope = (there - back) / (2 * step)
        told = torch.tensor([float(found[n][layer][head]) for n in some.windows]).double()
        torch.testing.assert_close(told, slope, atol=2e-3, rtol=2e-2)


def test_passes_are_two_and_one_backward(subject: Any) -> None:
    bridge, some, _ = subject
    ran: list[str] = []

    def seen(what: str, *given: Any) -> None:
        ran.append(what)

    block = bridge.blocks[1].attn
    hooks = [
        block.register_forward_hook(partial(seen, "forward")),
        block.register_full_backward_hook(partial(seen, "backward")),
    ]
    try:
        list(estimates(bridge, mean_z(bridge, [0, 1], some, 8), some, 8))
    finally:
        for hook in hooks:
            hook.remove()
    # The reference pass ends before the attention of the last layer has returned.
    assert ran == ["forward", "backward"]


@pytest.mark.slow
def test_script(subject: Any, tmp_path: Path) -> None:
    bridge, some, folder = subject
    if bridge.original_model.config.model_type != "llama":
        return  # once is enough
    rows = [
        {"window": n, "split": split, "document": f"d{n}", "start": 0, "sampled": True}
        | {"tokens": some.tokens[n % WINDOWS].tolist(), "pieces": ["a"] * TOKENS}
        for n, split in enumerate(["train", "train", "test", "test"])
    ]
    write_rows(tmp_path / "windows.parquet", rows, TABLE)
    out = tmp_path / "attribution.parquet"
    command = [sys.executable, SCRIPTS / "attribute_heads.py", "--out", out, "--heads", "L01H02"]
    command += ["L00H01", "--model-info", folder / "model.json"]
    command += ["--windows", tmp_path / "windows.parquet"]
    subprocess.run(command, check=True)
    found = read_table(out, ATTRIBUTION).to_pylist()
    assert len(found) == 2 * 2
    expected = dict(estimates(bridge, mean_z(bridge, [0, 1], some, 8), some, 8))
    for row in found:
        told = expected[row["window"] - 2][row["layer"]][row["head"]]
        assert row["loss"] == pytest.approx(float(told), abs=1e-5)

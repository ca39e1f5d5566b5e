"""Explanations of a run in the place of attention: the model's own attention loses nothing."""

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

from headatlas.activations.effects import OWN, many_heads
from headatlas.activations.substituting import Batch, Inputs, batches, losses_of, ordered
from headatlas.activations.substitution import Substitution
from headatlas.errors import InputError
from headatlas.predictions import Prediction, Predictions, read_packed, write_predictions
from headatlas.records.base import head_name
from headatlas.records.controls import CONTROLS
from headatlas.records.substitution import SUBSTITUTION
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_table, write_record, write_rows
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

ALL = [(layer, head) for layer in range(2) for head in range(HEADS)]
SILENT, OTHER = (1, 2), (0, 3)  # nothing is predicted of the first; the second controls all others
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Inputs]:
    """A bridge, and a run whose predictions are what the model does, in half precision."""
    folder = tmp_path_factory.mktemp("run")
    with quiet():
        write_model(next(a for a in ARCHITECTURES if a.kind == "llama"), folder)
        info = inspect("x", str(folder), None, "float32", context=64)
        bridge = load_recorded(info, device="cpu", devices=1)
    write_record(folder / "model.json", info)
    tokens = torch.randint(3, VOCABULARY, (15, TOKENS), generator=torch.manual_seed(2))
    windows = [
        {"window": n, "split": SPLITS[n % 3], "document": f"d{n}", "start": 0, "sampled": True}
        | {"tokens": row, "pieces": ["a"] * TOKENS}
        for n, row in enumerate(tokens.tolist())
    ]
    write_rows(folder / "windows.parquet", windows, WINDOWS)
    with torch.inference_mode():
        _, cache = bridge.run_with_cache(tokens)
    for layer, head in ALL:
        own = cache[f"blocks.{layer}.attn.hook_pattern"][:, head].double().numpy()
        found = [
            Prediction(SPLITS[n % 3], n, np.ones(TOKENS), own[n], np.eye(TOKENS))
            for n in range(15)
            if n % 3 and (layer, head) != SILENT
        ]
        path = folder / f"predictions/{head_name(layer, head)}.parquet"
        write_predictions(path, Predictions((layer, head), found, None if found else "no rules"))
    controls = [
        {"layer": layer, "head": head, "relation": "model", "rank": 0, "similarity": 0.1}
        | {"other_layer": OTHER[0], "other_head": OTHER[1]}
        for layer, head in ALL
        if (layer, head) != OTHER
    ]
    write_rows(folder / "controls.parquet", controls, CONTROLS)
    places = (folder / name for name in ("windows.parquet", "predictions", "controls.parquet"))
    return bridge, Inputs(*places, ALL)


def test_the_best_explained_heads_come_first(subject: tuple[Any, Inputs]) -> None:
    order = ordered(*subject, windows=5, batch_size=2)
    assert sorted(order) == ALL
    assert order[-1] == SILENT, "even attention overlaps less than its own"


def test_own_attention_loses_nothing_and_batches_change_nothing(
    subject: tuple[Any, Inputs],
) -> None:
    bridge, inputs = subject
    inputs = inputs._replace(heads=[at for at in ALL if at != SILENT])
    passes = list(many_heads(inputs.heads))
    found = losses_of(bridge, inputs, passes, windows=3, batch_size=8)
    assert found.keys() == {OWN, *passes}
    own, whole = found[OWN], {c.variant: c for c in passes if c.which == "100"}
    assert len(own.loss) == 3 and whole["explanation"].number == 7
    np.testing.assert_allclose(found[whole["explanation"]].loss, own.loss, atol=1e-3)
    assert np.abs(found[whole["position"]].loss - own.loss).max() > 1e-2
    again = losses_of(bridge, inputs, passes, windows=3, batch_size=1)
    for case, losses in found.items():
        np.testing.assert_allclose(again[case].loss, losses.loss, rtol=1e-5)
        np.testing.assert_allclose(again[case].kl, losses.kl, atol=1e-5)


def test_what_stands_for_what(subject: tuple[Any, Inputs]) -> None:
    bridge, inputs = subject
    (batch,) = batches(bridge, inputs, "test", 2, 8)
    torch.testing.assert_close(batch.tokens, _tokens(inputs, [2, 8]))

    def of(variant: str, at: tuple[int, int]) -> torch.Tensor:
        return batch.attention(variant)(at[0], [at[1]])[:, 0].float()

    torch.testing.assert_close(of("other", (1, 0)), of("explanation", OTHER))
    assert not torch.equal(of("other", OTHER), of("explanation", OTHER))
    torch.testing.assert_close(of("position", (1, 0)), torch.eye(TOKENS).expand(2, -1, -1))
    for variant, at in (("explanation", SILENT), ("position", SILENT), ("other", OTHER)):
        torch.testing.assert_close(of(variant, at), of("even", at), atol=1e-3, rtol=0)
    assert of("off", OTHER).abs().max() == 0
    run = Substitution(bridge, batch.tokens)
    effect = run.effect({0: [1]}, batch.attention("explanation"))
    torch.testing.assert_close(effect.loss, run.own.loss, atol=1e-3, rtol=0)


def _tokens(inputs: Inputs, windows: list[int]) -> torch.Tensor:
    table = read_table(inputs.windows, WINDOWS)
    return torch.tensor([table.column("tokens")[window].as_py() for window in windows])


def test_predictions_that_lack_a_window_are_refused(subject: tuple[Any, Inputs]) -> None:
    _, inputs = subject
    with pytest.raises(InputError, match="predicts nothing for window 3"):
        read_packed(inputs.of_head((0, 0)), (0, 0), [2, 3])
    with pytest.raises(InputError, match="is about L00H00, expected is L00H01"):
        read_packed(inputs.of_head((0, 0)), (0, 1), [2])
    assert Batch(inputs, [2], _tokens(inputs, [2])).tokens.shape == (1, TOKENS)


@pytest.mark.slow
def test_script(subject: tuple[Any, Inputs], tmp_path: Path) -> None:
    _, inputs = subject
    out = tmp_path / "substitution.parquet"
    model = inputs.windows.parent / "model.json"
    command = [sys.executable, SCRIPTS / "substitute_heads.py", "--model-info", model]
    command += ["--windows", inputs.windows, "--predictions", inputs.predictions]
    command += ["--controls", inputs.controls, "--heads", *(head_name(*at) for at in ALL)]
    command += ["--substitution-windows", "4", "--substitution-head-windows", "3"]
    command += ["--out", out]
    subprocess.run(command, check=True)
    rows = read_table(out, SUBSTITUTION).to_pylist()
    assert len(rows) == 1 + 8 * 4 + 2 * 5 + 5 * 5
    assert {row["n"] for row in rows if row["scope"] == "head"} == {3}
    assert {row["n"] for row in rows if row["scope"] != "head"} == {4}
    of = {(row["scope"], row["which"], row["variant"]): row for row in rows}
    assert of["model", "", "own"]["ratio"] == 1
    told = of["head", "L00H01", "explanation"]
    assert told["ratio"] == pytest.approx(1, abs=1e-3) and told["heads"] == 1
    assert of["share", "100", "off"]["heads"] == 8
    assert of["share", "100", "off"]["recovered"] is None

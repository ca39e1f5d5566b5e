"""A finished run as its users have it: the example of the README, hooks, search, export."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from workplace import ROOT, Workplace

from headatlas.activations.some_windows import some_windows
from headatlas.activations.substituting import Batch, Inputs
from headatlas.activations.substitution import Substitution
from headatlas.errors import InputError
from headatlas.exporting.export import comparison_in, export
from headatlas.reading.atlas import Atlas, open_atlas, open_atlases
from headatlas.reading.hooks import Hooks

RUN = "tiny/words/symbolic/minilm"


@pytest.fixture(scope="module")
def atlas(finished: Workplace) -> Atlas:
    return open_atlas(finished.folder / "results/tiny/words/symbolic")


@pytest.fixture(scope="module")
def bridge(atlas: Atlas) -> Any:
    return atlas.load_model()


@pytest.fixture(scope="module")
def hooks(atlas: Atlas, bridge: Any) -> Hooks:
    return atlas.hooks(bridge)


@pytest.fixture(scope="module")
def tokens(finished: Workplace) -> torch.Tensor:
    """Three test windows."""
    windows = finished.folder / "results/tiny/words/windows.parquet"
    return some_windows(windows, "test", 3, sampled=True).tokens


def test_the_example_of_the_readme_runs(finished: Workplace) -> None:
    """... where the workflow has run, on the run that is there."""
    (example,) = re.findall(
        r"```python\n(import headatlas\n.*?)```", (ROOT / "README.md").read_text(), re.S
    )
    assert "results/demo/python-docs/symbolic" in example
    example = example.replace("results/demo/python-docs/", "results/tiny/words/")
    code = f"{example}\nprint(found.to_list(), *logits.shape)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"\n\[.*\] 1 \d+ 300\n$", f"\n{done.stdout}")


def test_every_table_has_every_head(atlas: Atlas) -> None:
    names = [f"L{layer:02d}H{head:02d}" for layer in range(2) for head in range(3)]
    assert atlas.heads["name"].to_list() == names
    for table in (atlas.scores, atlas.verdicts, atlas.effects):
        assert table.select("layer", "head").unique().height == 6
    assert set(atlas.explanations["name"]) <= set(names)
    assert set(atlas.families.columns) >= {"of", "label", "heads"}
    figures = ["loss", "random", "difference"]
    assert atlas.family_effects.columns[:3] == ["cluster", "heads", "figure"]
    families = atlas.families.filter(of="words")["cluster"].to_list()
    assert atlas.family_effects.select("cluster", "figure").rows() == [
        (number, figure) for number in families for figure in figures
    ]
    assert set(atlas.claims.columns) >= {"name", "effect", "object", "holds"}


def test_heads_are_found_by_words_and_by_meaning(atlas: Atlas) -> None:
    told = atlas.explanations.filter(atlas.explanations["behaviour"] == 0).row(0, named=True)
    for by in ("text", "meaning"):
        found = atlas.find(told["attends_to"], by=by)
        same = atlas.explanations.filter(attends_to=told["attends_to"])["name"]
        assert found["head"][0] in same.to_list(), by
        assert found["score"].to_list() == sorted(found["score"], reverse=True)
        assert Path(found["page"][0]).is_file()


def logits(bridge: Any, tokens: torch.Tensor, hooks: Any = ()) -> torch.Tensor:
    with torch.inference_mode():
        return bridge.run_with_hooks(tokens, fwd_hooks=list(hooks), use_cache=False)


def z_of(bridge: Any, tokens: torch.Tensor, layer: int) -> torch.Tensor:
    kept: list[torch.Tensor] = []
    name = f"blocks.{layer}.attn.hook_z"
    logits(bridge, tokens, [(name, lambda z, hook: kept.append(z.clone()))])
    return kept[0].reshape(*tokens.shape, 3, -1)


def test_what_scales_and_ablates_does_so(hooks: Hooks, bridge: Any, tokens: torch.Tensor) -> None:
    own = logits(bridge, tokens)
    torch.testing.assert_close(logits(bridge, tokens, hooks.scale(["L00H01"], 1.0)), own)
    zero = logits(bridge, tokens, hooks.ablate(["L00H01", "L01H02"]))
    assert (zero - own).abs().max() > 1e-3
    torch.testing.assert_close(logits(bridge, tokens, hooks.scale(["L00H01", (1, 2)], 0.0)), zero)
    z = z_of(bridge, tokens, 0)
    given = {"L00H01": z[:, :, 1]}
    torch.testing.assert_close(logits(bridge, tokens, hooks.ablate(given, given)), own)
    mean = logits(bridge, tokens, hooks.ablate("L00H01", "mean", reference=tokens))
    by_hand = {(0, 1): z[:, :, 1].mean(0, keepdim=True)}
    torch.testing.assert_close(mean, logits(bridge, tokens, hooks.ablate([(0, 1)], by_hand)))
    assert not torch.equal(mean, logits(bridge, tokens, hooks.ablate(["L00H01"], "mean")))


def test_what_substitutes_is_what_the_workflow_measured(
    finished: Workplace, atlas: Atlas, hooks: Hooks, bridge: Any
) -> None:
    """Predicted again for the tokens, attention is that which was predicted for these windows."""
    results = finished.folder / "results/tiny/words"
    told = [(e.layer, e.head) for e in map(atlas.head, atlas.heads["name"]) if e.program]
    some = some_windows(results / "windows.parquet", "test", 2, sampled=True)
    round0 = results / "symbolic/round0"
    inputs = Inputs(
        results / "windows.parquet", round0 / "predictions", round0 / "controls.parquet", told
    )
    stored = Batch(inputs, some.windows, some.tokens).attention("explanation")
    layers = {n: [head for layer, head in told if layer == n] for n, _ in told}
    run = Substitution(bridge, some.tokens)
    changed = logits(bridge, some.tokens, hooks.substitute(told, some.tokens))
    loss = -changed[:, :-1].log_softmax(-1).gather(-1, some.tokens[:, 1:, None])[..., 0]
    torch.testing.assert_close(loss, run.effect(layers, stored).loss, atol=0.02, rtol=0.02)
    assert (loss - run.own.loss).abs().max() > 0.1


def test_what_cannot_be_done_to_a_head_is_said(
    hooks: Hooks, bridge: Any, tokens: torch.Tensor
) -> None:
    with pytest.raises(InputError, match="L05H00: not in the atlas of tiny/words"):
        hooks.scale(["L05H00"], 2.0)
    with pytest.raises(InputError, match="to: 'one', allowed: zero, mean, or z by head"):
        hooks.ablate(["L00H00"], "one")
    with pytest.raises(InputError, match="L00H00: no z is given of it"):
        hooks.ablate(["L00H00"], {})
    short = hooks.ablate(["L00H00"], {"L00H00": torch.zeros(1, 2, 8)})
    with pytest.raises(InputError, match="L00H00: z is given at 2 positions, the pass has 32"):
        logits(bridge, tokens, short)


def test_a_run_is_exported_and_is_an_atlas_still(
    finished: Workplace, atlas: Atlas, tmp_path: Path
) -> None:
    results = finished.folder / "results"
    out = tmp_path / "export"
    export(
        open_atlases(results), out, templates=ROOT / "workflow/templates",
        exemplars=True, comparison=comparison_in(results),
    )  # fmt: skip
    (copied,) = open_atlases(out / "site")
    assert copied.run == RUN and copied.heads.equals(atlas.heads)
    effects = [json.loads(line) for line in _rows(out / "dataset", "effects")]
    assert len(effects) == atlas.effects.height
    assert all(row["title"] and row["name"] for row in effects)
    rows = json.loads((out / "headvis" / RUN / "scatter_data.json").read_text())
    assert [row["title"] for row in rows] == atlas.heads["title"].to_list()
    head = json.loads((out / "headvis" / RUN / "heads/L1H2.json").read_text())
    assert {s["interval"] for s in head["sequences"]} <= {1, 2, 3, 4, 5}
    assert all(len(s["tokens"]) == 32 for s in head["sequences"])


def _rows(folder: Path, name: str) -> list[str]:
    """A table as `datasets` reads it, in a process of its own."""
    code = (
        "import sys, json, datasets\n"
        "folder, name, cache = sys.argv[1:]\n"
        "found = datasets.load_dataset(folder, name, split='train', cache_dir=cache)\n"
        "for row in found: print(json.dumps(row))\n"
    )
    command = [sys.executable, "-c", code, str(folder), name, str(folder.parent / "cache")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()

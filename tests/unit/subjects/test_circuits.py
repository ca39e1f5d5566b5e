"""The weights through which heads write, against transformers' own modules."""

from pathlib import Path
from typing import Any, NamedTuple

import architectures
import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import HEADS, VOCABULARY, quiet, write_model
from transformers import AutoModelForCausalLM

from headatlas.subjects.circuits import Unreadable, circuits_of, ends_of, wrong_layers
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded

BY_KIND = {a.kind: a for a in ARCHITECTURES}


class Names(NamedTuple):
    """Where the modules of an architecture are, and what its norms do."""

    layers: str = "model.layers"
    output: str = "self_attn.o_proj"
    norm: str = "model.norm"
    centred: bool = False
    plus_one: bool = False  # the gain is 1 + weight
    after: str | None = None  # norm between attention and the stream


FAMILIES = {
    "llama": Names(),
    "gpt2": Names("transformer.h", "attn.c_proj", "transformer.ln_f", centred=True),
    "gpt_neox": Names(
        "gpt_neox.layers", "attention.dense", "gpt_neox.final_layer_norm", centred=True
    ),
    "cohere": Names(centred=True),
    "granite": Names(),
    "gemma2": Names(plus_one=True, after="post_attention_layernorm"),
    "olmo2": Names(after="post_attention_layernorm"),
    "qwen2": Names(),
    "mixtral": Names(),
}


def made(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model of an architecture, its MLPs at work and positions that are learned at zero."""
    monkeypatch.setattr(architectures, "_BESIDE", ("wpe",))
    with quiet():
        write_model(BY_KIND[kind], folder)
        info = inspect(kind, str(folder), None, "float32", context=64)
        return load_recorded(info, device="cpu", devices=1)


@torch.inference_mode()
def truth(folder: Path, names: Names, layer: int) -> torch.Tensor:
    """M of each head by transformers' modules alone, less its mean over sources.

    Each token is a window of its own, so that a head attends to it alone; before a later layer,
    no head of the first writes.
    """
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder,
        attn_implementation="eager",
        experts_implementation="eager",
        dtype=torch.float64,
    ).eval()
    layers = model.get_submodule(names.layers)
    seen: list[torch.Tensor] = []
    for before in layers[:layer]:
        before.get_submodule(names.output).weight.zero_()
    output = layers[layer].get_submodule(names.output)
    output.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    model(torch.arange(VOCABULARY)[:, None], use_cache=False)
    z = seen[0].reshape(VOCABULARY, HEADS, -1)
    weight = output.weight if type(output).__name__ == "Conv1D" else output.weight.T
    written = torch.einsum("the,hed->htd", z, weight.reshape(HEADS, z.shape[-1], -1))
    one = 1.0 if names.plus_one else 0.0
    if names.after:
        written = written * (layers[layer].get_submodule(names.after).weight + one)
    if names.centred:
        written = written - written.mean(-1, keepdim=True)
    gain = model.get_submodule(names.norm).weight + one
    found = (written * gain) @ model.get_output_embeddings().weight.T
    return found - found.mean(1, keepdim=True)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", FAMILIES)
def test_the_map_of_a_head_is_that_of_the_modules(
    kind: str, layer: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = made(kind, tmp_path, monkeypatch)
    assert wrong_layers(bridge, [0, 1]) == {}
    ends = ends_of(bridge, torch.arange(VOCABULARY), {layer > 0})
    expected = truth(tmp_path, FAMILIES[kind], layer)
    circuits = list(circuits_of(bridge, layer, ends, first_mlp=layer > 0))
    assert len(circuits) == HEADS
    for (values, logits), whole in zip(circuits, expected, strict=True):
        found = (values @ logits).double()
        found -= found.mean(0)
        scale = (found * whole).sum() / whole.square().sum()  # of factors, such as granite's
        assert scale > 0
        assert float((found - scale * whole).norm() / found.norm()) < 1e-4


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("deepseek_v3", "its values are made by another map than one matrix a head"),
        ("qwen3_next", "what they pass on is not the value of the token attended to"),
        ("bitnet", "what they pass on is not the value of the token attended to"),
        ("openai-gpt", "their values are no linear map of what they read"),
    ],
)
def test_layers_whose_heads_write_otherwise_are_told(
    kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wrong_layers(made(kind, tmp_path, monkeypatch), [1]) == {1: reason}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("modernbert-decoder", "its logits are no linear map of the residual stream and its scale"),
        ("xglm", "its positions are a part of the embedding that cannot be left out"),
        ("openai-gpt", "norms stand in its residual stream"),
    ],
)
def test_models_of_which_no_head_can_be_told_are_refused(
    kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreadable, match=reason):
        ends_of(made(kind, tmp_path, monkeypatch), torch.arange(VOCABULARY), {False})

"""Models that nobody here made: each fault is a sentence, told before a job on a GPU."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from architecture_list import ARCHITECTURES
from architectures import quiet, write_model
from places import ROOT
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

from headatlas.activations.passes import run_hooked, stored
from headatlas.activations.reducer import LayerReducer
from headatlas.errors import InputError
from headatlas.subjects import checkpoint
from headatlas.subjects.inspection import check_layers, inspect
from headatlas.subjects.loading import load_recorded, load_subject

DEMO = ROOT / "workflow/resources/demo-model"
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "model")
    return tmp_path / "model"


def refusal(folder: Path, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        inspect("m", str(folder), None, "float32", **more)
    sentence = str(caught.value)
    assert str(folder) in sentence and "\n" not in sentence
    return sentence


def rewrite(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    file = folder / "model.safetensors"
    tensors = {name: value.clone() for name, value in load_file(file).items()}
    save_file(change(tensors), file, metadata={"format": "pt"})


def configure(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def tiny(kind: str, folder: Path) -> Path:
    with quiet():
        write_model(next(a for a in ARCHITECTURES if a.kind == kind), folder)
    return folder


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "base_model.model."])
def test_weights_under_other_names_are_missing(folder: Path, prefix: str) -> None:
    rewrite(folder, lambda tensors: {prefix + n: v for n, v in tensors.items()})
    assert re.search(r"its weights lack .*embed_tokens.weight.* and \d+ more", refusal(folder))


def test_weights_of_a_layer_that_are_not_there_are_named(folder: Path) -> None:
    rewrite(folder, lambda tensors: {n: v for n, v in tensors.items() if ".layers.1." not in n})
    assert "its weights lack model.layers.1.input_layernorm.weight, " in refusal(folder)


def test_a_merged_expert_that_is_not_there_is_named(tmp_path: Path) -> None:
    """transformers renames and joins the experts of a file as it loads them."""
    tiny("mixtral", tmp_path)
    rewrite(tmp_path, lambda tensors: {n: v for n, v in tensors.items() if "experts.1." not in n})
    assert "experts" in refusal(tmp_path)


def test_weights_that_the_model_does_not_have_are_named(folder: Path) -> None:
    name = "model.layers.0.self_attn.q_proj.bias"
    rewrite(folder, lambda tensors: tensors | {name: torch.zeros(128)})
    assert f"hold what the model does not have: {name}" in refusal(folder)


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    name = "model.layers.0.self_attn.q_proj.weight"
    rewrite(folder, lambda tensors: tensors | {name: tensors[name][:64].clone()})
    assert f"hold in another shape than the model has it {name}" in refusal(folder)


def test_pickled_weights_are_compared_too(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    assert inspect("m", str(folder), None, "float32").n_layers == 3
    tensors.pop("model.norm.weight")
    torch.save(tensors, folder / "pytorch_model.bin")
    assert "its weights lack model.norm.weight" in refusal(folder)


def test_inspection_reads_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    headers, described = checkpoint._headers, []

    def watched(file: Path, source: str) -> Tensors:
        described.append(headers(file, source))
        return described[-1]

    monkeypatch.setattr(checkpoint, "_headers", watched)
    info = inspect("m", str(DEMO), None, "float32")
    assert info.attention_layers == [0, 1, 2]
    assert len(described) == 1 and len(described[0]) > 9 * info.n_layers
    assert all(tensor.is_meta for tensor in described[0].values())


def test_a_git_lfs_pointer_is_called_one(folder: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    (folder / "model.safetensors").write_text(pointer)
    assert "model.safetensors is a Git LFS pointer" in refusal(folder)


def test_weights_that_are_cut_off_cannot_be_read(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    assert "model.safetensors cannot be read" in refusal(folder)


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq", "awq", "compressed-tensors", "odd"])
def test_quantised_weights_are_refused_by_their_method(folder: Path, method: str) -> None:
    configure(folder, quantization_config={"quant_method": method, "bits": 4})
    assert f"its weights are quantised by {method}" in refusal(folder)


def test_the_entry_says_how_long_an_input_may_be_where_the_model_does_not(tmp_path: Path) -> None:
    tiny("bloom", tmp_path)
    assert "--context" in refusal(tmp_path)
    assert inspect("m", str(tmp_path), None, "float32", context=77).context == 77


def test_layers_without_attention_are_named_before_any_job(tmp_path: Path) -> None:
    info = inspect("m", str(tiny("lfm2", tmp_path)), None, "float32")
    assert info.attention_layers == [1]
    check_layers(info, [1])
    with pytest.raises(
        InputError, match=r"models.m.layers: .*\[0\].* no attention; allowed: \[1\]"
    ):
        check_layers(info, [0, 1])


def test_a_bidirectional_decoder_is_refused(tmp_path: Path) -> None:
    tiny("gemma3_text", tmp_path)
    configure(tmp_path, use_bidirectional_attention=True)
    assert "attend to later tokens" in refusal(tmp_path)


def test_attention_to_later_tokens_is_never_halved_in_silence() -> None:
    reducer = LayerReducer.__new__(LayerReducer)
    reducer._causal = False
    with pytest.raises(InputError, match="later tokens"):
        reducer._check_causal(torch.full((1, 1, 2, 2), 0.5))


def test_tokens_without_an_embedding_are_counted(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    size = json.loads((folder / "config.json").read_text())["vocab_size"]
    tokenizer.add_special_tokens({"additional_special_tokens": ["<odd>"]})
    tokenizer.save_pretrained(folder)
    info = inspect("m", str(folder), None, "float32")
    assert info.vocabulary == size, "a text does not produce a special token"
    tokenizer.add_tokens(["qzxv", "        "])
    tokenizer.save_pretrained(folder)
    sentence = refusal(folder)
    assert f"up to number {size + 2}" in sentence and f"embeddings of {size}" in sentence


def test_a_tokenizer_of_an_unknown_kind_is_a_sentence(folder: Path) -> None:
    path = folder / "tokenizer.json"
    stated = json.loads(path.read_text())
    stated["model"]["type"] = "Unheard"
    path.write_text(json.dumps(stated))
    assert "no tokenizer can be read from it" in refusal(folder)


@pytest.mark.parametrize("kind", ["unheard_of", "llama"])
def test_no_code_of_a_model_folder_runs(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = folder.parent / "ran"
    (folder / "odd.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    names = {"AutoConfig": "odd.C", "AutoModelForCausalLM": "odd.M"}
    configure(folder, model_type=kind, auto_map=names)
    path = folder / "tokenizer_config.json"
    stated = json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": [None, "odd.T"]}}
    path.write_text(json.dumps(stated))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    if kind == "unheard_of":
        assert "config.json cannot be read" in refusal(folder)
    else:
        info = inspect("m", str(folder), None, "float32")
        load_recorded(info, device="cpu", devices=1)
        load_recorded(info.model_copy(update={"random_seed": 1}), device="cpu", devices=1)
    assert not ran.exists()


def test_what_half_precision_cannot_hold_is_told_as_such(folder: Path) -> None:
    """The model itself runs in float32, and does not overflow."""
    values = torch.tensor([[[1.0, 6e4], [7e4, 1.0], [7.5e4, 0.0]]])
    heads = torch.tensor([[4, 5, 6]])
    said = r"L03H06: the activation reaches 7\.5e\+04, .* half precision, up to 65504; .*z_norm"
    with pytest.raises(InputError, match=said):
        stored(values, "the activation", 3, heads)
    with pytest.raises(InputError, match=r"L03H05: the norm of a value reaches 7e\+04"):
        stored(values[0, :2], "the norm of a value", 3, heads[0, :2])
    assert stored(values * torch.inf, "the activation", 3, heads)[0, 0, 0].item() == torch.inf
    assert stored(values[:, :1], "the activation", 3, heads[:, :1])[0, 0, 1].item() == 6e4


def test_more_devices_than_there_are_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match=r"execution\.devices: 2, but PyTorch sees 1"):
        load_subject(str(DEMO), None, dtype="float32", device="auto", devices=2)


def test_rules_that_run_the_model_ask_for_the_devices_that_they_use() -> None:
    rules = "".join(file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk"))
    running = [rule for rule in rules.split("\nrule ")[1:] if "$SUBJECT_FLAGS" in rule]
    assert len(running) >= 3
    for rule in running:
        assert 'gpu=EXECUTION["devices"]' in rule


def test_a_hook_that_never_fires_is_a_sentence() -> None:
    bridge = SimpleNamespace(
        cfg=SimpleNamespace(device="cpu", model_name="m"), run_with_hooks=lambda *_, **__: None
    )
    hooks = [("blocks.0.attn.hook_pattern", lambda value, hook: None)]
    with pytest.raises(InputError, match="hook_pattern does not show"):
        run_hooked.__wrapped__(bridge, torch.zeros(1, 4, dtype=torch.long), hooks)

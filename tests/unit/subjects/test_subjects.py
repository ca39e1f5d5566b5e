"""What is read of a model before it is run, and how a model that cannot be run is refused."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from places import ROOT
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

from headatlas.errors import InputError
from headatlas.records.model import ModelInfo
from headatlas.subjects.inspection import check_agreement, configuration_entry, inspect
from headatlas.subjects.loading import load_recorded
from headatlas.subjects.source import fetch, weights_sha256

DEMO = ROOT / "workflow/resources/demo-model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "model")
    return tmp_path / "model"


def test_geometry_and_identity() -> None:
    info = inspect("demo", str(DEMO), None, "float32")
    assert (info.n_layers, info.n_heads, info.d_head, info.context) == (3, 8, 16, 256)
    assert info.commit is None
    assert info.parameters == 668_544
    assert info.weights_sha256 in (DEMO / "README.md").read_text()
    entry = configuration_entry(info)
    assert "n_layers: 3" in entry and "bos: prepend" in entry


def test_masks_stored_with_the_weights_are_no_parameters(tmp_path: Path) -> None:
    """The published files of GPT-2 hold them."""
    shutil.copytree(DEMO, tmp_path, dirs_exist_ok=True)
    shape = {"n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": 16, "vocab_size": 512}
    model = GPT2LMHeadModel(GPT2Config(**shape))
    model.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    masks = {f"transformer.h.{n}.attn.bias": torch.ones(1, 1, 16, 16) for n in range(2)}
    save_file(load_file(file) | masks, file, metadata={"format": "pt"})
    # Embeddings of 512 tokens and 16 positions; per layer 2 norms, QKV, output, and the MLP.
    layer = 2 * 2 * 8 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 32 + 32) + (32 * 8 + 8)
    expected = (512 + 16) * 8 + 2 * layer + 2 * 8
    assert inspect("gpt2", str(tmp_path), None, "float32").parameters == expected


def test_other_weights_have_another_digest(folder: Path) -> None:
    before = weights_sha256(folder)
    (folder / "README.md").write_text("other words")
    assert weights_sha256(folder) == before
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert weights_sha256(folder) != before


def test_figures_that_disagree_are_named() -> None:
    info = inspect("demo", str(DEMO), None, "float32")
    with pytest.raises(InputError, match=r"models.demo.n_heads: 12 .* has 8"):
        check_agreement(info, n_layers=3, n_heads=12, context=256)
    with pytest.raises(InputError, match=r"models.demo.context: 512 .* at most 256"):
        check_agreement(info, n_layers=3, n_heads=8, context=512)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"architectures": ["FooForCausalLM"]}, "its architecture is FooForCausalLM; allowed"),
        ({"model_type": "foo"}, "its config.json cannot be read"),
    ],
)
def test_a_model_that_cannot_be_run_is_refused(
    folder: Path, change: dict[str, object], sentence: str
) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=sentence):
        inspect("demo", str(folder), None, "float32")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("config.json", "no config.json"),
        ("model.safetensors", "no weights here"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_a_folder_that_lacks_a_part_is_refused(folder: Path, file: str, sentence: str) -> None:
    (folder / file).unlink()
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(InputError, match=sentence):
        inspect("demo", str(folder), None, "float32")


def test_a_source_that_is_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="cannot be fetched"):
        fetch("no/such-model")


def test_random_weights_are_of_the_same_shape_drawn_from_the_seed() -> None:
    info = inspect("demo", str(DEMO), None, "float32")

    def parameters(seed: int | None) -> dict[str, torch.Tensor]:
        recorded: ModelInfo = info.model_copy(update={"random_seed": seed})
        bridge = load_recorded(recorded, device="cpu", devices=1)
        assert bridge.cfg.n_heads == info.n_heads
        return {name: value.detach() for name, value in bridge.original_model.named_parameters()}

    before = torch.get_rng_state()
    trained, one, again, other = map(parameters, (None, 1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    matrices = [name for name, value in trained.items() if value.ndim == 2]
    assert len(matrices) > 7 * info.n_layers
    for name in matrices:
        assert one[name].shape == trained[name].shape
        assert torch.equal(one[name], again[name])
        assert not torch.equal(one[name], other[name])
        # As the architecture is initialised: normal, with the standard deviation of config.json.
        assert one[name].std().item() == pytest.approx(0.02, rel=0.05)
        assert abs(torch.corrcoef(torch.stack([one[name], trained[name]]).flatten(1))[0, 1]) < 0.05

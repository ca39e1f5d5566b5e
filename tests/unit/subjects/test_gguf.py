"""A GGUF file is the model whose weights it holds, or is refused in a sentence."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, dequantize, quantize
from gguf_models import DEMO, lfm2, llama, write_gguf, write_lfm2
from transformers import LlamaForCausalLM

from headatlas.errors import InputError
from headatlas.subjects import unpacking
from headatlas.subjects.inspection import configuration_entry, inspect
from headatlas.subjects.loading import load_recorded, load_subject
from headatlas.subjects.source import fetch
from headatlas.tokens.tokenizer import encode, open_tokenizer

TEXT = "def f(x):\n    return x + 12345  # «é 中文» <|bos|>\n"
TOKENS = torch.tensor([[0, *range(40, 80)]])
Q8_0 = GGMLQuantizationType.Q8_0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are unpacked."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/unpacked"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def model(hub: Path) -> LlamaForCausalLM:
    return llama(hub)


@pytest.fixture
def file(tmp_path: Path, model: LlamaForCausalLM) -> Path:
    write_gguf(tmp_path / "model.gguf", model)
    return tmp_path / "model.gguf"


def logits(source: Path) -> torch.Tensor:
    bridge = load_subject(str(source), None, dtype="float32", device="cpu")
    with torch.inference_mode():
        found: torch.Tensor = bridge(TOKENS)
    return found


def refusal(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        inspect("m", str(file), None, "float32")
    sentence = str(caught.value)
    assert sentence.startswith(f"{file}: ") and "\n" not in sentence
    return sentence


@pytest.mark.slow
@pytest.mark.parametrize("tied", [True, False])
def test_what_is_not_quantised_is_the_same_model(tmp_path: Path, hub: Path, tied: bool) -> None:
    folder, file = tmp_path / "hub", tmp_path / "model.gguf"
    write_gguf(file, llama(folder, tied=tied))
    assert torch.equal(logits(file), logits(folder))
    here, there = (inspect("m", str(place), None, "float32") for place in (file, folder))
    assert here.weights_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    digests = {"source", "weights_sha256", "tokenizer_sha256"}
    assert here.model_dump(exclude=digests) == there.model_dump(exclude=digests)
    assert f"  m:\n    source: {file}\n    n_layers: 2\n" in configuration_entry(here)


def test_quantised_weights_are_those_that_the_file_holds(
    tmp_path: Path, model: LlamaForCausalLM
) -> None:
    file = tmp_path / "model.gguf"
    write_gguf(file, model, Q8_0)
    expected = LlamaForCausalLM(model.config)
    expected.load_state_dict(model.state_dict())
    for name, value in expected.named_parameters():
        if value.ndim == 2:  # rows are quantised one by one, so their order does not matter
            values = dequantize(quantize(value.detach().numpy(), Q8_0), Q8_0)
            # 8 bits: 127 steps to the largest weight of a block.
            assert np.abs(values - value.detach().numpy()).max() < value.abs().max().item() / 127
            value.data = torch.from_numpy(values)
        assert not torch.equal(value, model.get_parameter(name)) or value.ndim == 1
    with torch.inference_mode():
        ours, theirs, original = logits(file), expected(TOKENS).logits, model(TOKENS).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert 0 < (ours - original).abs().mean() < 0.05 * original.std()


def test_the_tokenizer_is_in_the_file(file: Path) -> None:
    ours, theirs = open_tokenizer(str(file)), open_tokenizer(str(DEMO))
    assert ours.bos_token_id == theirs.bos_token_id == 0
    assert encode(ours, TEXT) == encode(theirs, TEXT)


def test_the_twin_with_random_weights_is_of_the_same_shape(file: Path) -> None:
    info = inspect("m", str(file), None, "float32")
    twin = load_recorded(info.model_copy(update={"random_seed": 1}), device="cpu", devices=1)
    assert twin.cfg.n_layers == 2 and twin.cfg.n_heads == 4


def test_a_file_is_unpacked_once_and_known_by_its_content(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = fetch(str(file))
    assert list(cache.iterdir()) == [folder]
    assert "text is split" not in capsys.readouterr().err
    monkeypatch.setattr(unpacking, "_unpack", lambda *_: pytest.fail("unpacked again"))
    (file.parent / "alone").mkdir()
    moved = file.rename(file.parent / "alone/sha256-as-Ollama-names-it")
    assert fetch(str(moved)) == folder
    moved.rename(moved.with_suffix(".gguf"))
    assert fetch(str(moved.parent)) == folder


def test_another_process_may_be_faster(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = LlamaForCausalLM.save_pretrained

    def meanwhile(model: LlamaForCausalLM, folder: Path) -> None:
        save(model, folder)
        monkeypatch.undo()
        monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(cache.parent))
        assert fetch(str(file)).is_dir()

    monkeypatch.setattr(LlamaForCausalLM, "save_pretrained", meanwhile)
    assert [fetch(str(file))] == list(cache.iterdir())


def test_an_interrupted_unpacking_leaves_nothing(
    file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(LlamaForCausalLM, "save_pretrained", full)
        assert "cannot be unpacked to" in refusal(file)
    assert list(cache.iterdir()) == []
    assert fetch(str(file)).is_dir()


def test_a_pre_tokenizer_that_transformers_does_not_know_is_told(
    tmp_path: Path, model: LlamaForCausalLM, capsys: pytest.CaptureFixture[str]
) -> None:
    write_gguf(tmp_path / "m.gguf", model, pre="unheard-of")
    fetch(str(tmp_path / "m.gguf"))
    assert "text is split as by GPT-2 and not as by unheard-of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"architecture": "plamo"}, "transformers cannot read this GGUF file (GGUF model with"),
        (
            {"strings": {"llama.rope.scaling.type": "yarn"}},
            "it stretches rotary positions (yarn), which transformers does not read from GGUF",
        ),
        ({"pre": None}, "no tokenizer can be read from it"),
        (
            {"change": lambda arrays: arrays.update({"rope_freqs.weight": np.ones(8, "f")})},
            "its weights hold what the model does not have: rope_freqs.weight",
        ),
        (
            {"change": lambda arrays: arrays.pop("blk.1.attn_q.weight")},
            "its weights lack model.layers.1.self_attn.q_proj.weight",
        ),
        (
            {"change": lambda a: a.update({"output_norm.weight": np.ones(32, "f")})},
            "its weights hold in another shape than the model has it model.norm.weight",
        ),
        (
            {
                "change": lambda a: a.update({"output_norm.weight": np.ones((1, 80), np.uint8)}),
                "raw": {"output_norm.weight": GGMLQuantizationType.Q8_1},
            },
            "its weights are quantised as Q8_1; allowed: what the package gguf can unpack",
        ),
    ],
)
def test_what_transformers_would_read_as_another_model_is_refused(
    tmp_path: Path, model: LlamaForCausalLM, cache: Path, told: dict[str, Any], sentence: str
) -> None:
    write_gguf(tmp_path / "m.gguf", model, **told)
    assert sentence in refusal(tmp_path / "m.gguf")
    assert list(cache.iterdir()) == []


def test_a_hybrid_which_a_newer_part_of_transformers_reads(tmp_path: Path) -> None:
    folder, file = tmp_path / "hub", tmp_path / "model.gguf"
    model = lfm2(folder)
    write_lfm2(file, model)
    assert inspect("m", str(file), None, "float32").attention_layers == [1]
    assert torch.equal(logits(file), logits(folder))
    for change, sentence in (
        (lambda a: a.update({"rope_freqs.weight": np.ones(8, "f")}), "does not have: rope_freqs"),
        (lambda a: a.pop("blk.1.attn_q.weight"), "lack model.layers.1.self_attn.q_proj.weight"),
    ):
        write_lfm2(file, model, change)
        assert sentence in refusal(file)


@pytest.mark.parametrize("kept", [4, 30, 1000, 0.5, -64])
def test_a_file_that_was_cut_off_is_refused(file: Path, kept: float) -> None:
    content = file.read_bytes()
    end = int(kept * len(content)) if isinstance(kept, float) else kept
    file.write_bytes(content[:end])
    assert "damaged or incomplete" in refusal(file)


def test_one_of_several_files_has_to_be_named(file: Path) -> None:
    (file.parent / "other.gguf").write_bytes(file.read_bytes())
    assert "several GGUF files (model.gguf, other.gguf); name one" in refusal(file.parent)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"PK")
    assert "a file, but not of the GGUF format" in refusal(tmp_path / "model.bin")

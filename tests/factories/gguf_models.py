"""Small Llama models written as GGUF files, as llama.cpp's converter writes them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import (
    MODEL_ARCH,
    GGMLQuantizationType,
    GGUFWriter,
    TokenType,
    get_tensor_name_map,
    quantize,
)
from places import ROOT
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

DEMO = ROOT / "workflow/resources/demo-model"  # its tokenizer is everybody's
Arrays = dict[str, np.ndarray]


def llama(folder: Path, *, tied: bool = True) -> LlamaForCausalLM:
    """A random model in the hub's format: 2 layers of 4 heads that share 2 keys and values."""
    config = LlamaConfig(
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        hidden_size=64,
        intermediate_size=96,
        max_position_embeddings=128,
        vocab_size=512,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
        initializer_range=0.2,
        tie_word_embeddings=tied,
        bos_token_id=0,
        eos_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    for name, value in model.named_parameters():
        if "norm" in name:  # ones are no test of where they end up
            value.data = 1 + torch.arange(64) / 64
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(DEMO).save_pretrained(folder)
    return model.eval()


def write_gguf(
    file: Path,
    model: LlamaForCausalLM,
    kind: GGMLQuantizationType = GGMLQuantizationType.F32,
    *,
    architecture: str = "llama",
    pre: str | None = "default",
    strings: Mapping[str, str] | None = None,
    change: Callable[[Arrays], Any] = lambda arrays: None,
    raw: Mapping[str, GGMLQuantizationType] | None = None,
) -> None:
    """Write a model, its matrices quantised.

    `strings` are further metadata, `change` alters the weights by their GGUF names in place,
    `raw` names tensors whose bytes are stated to be of another kind, `pre` is the name of the
    pre-tokenizer (None: no tokenizer).
    """
    config = model.config
    writer = GGUFWriter(file, architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    for key, value in (strings or {}).items():
        writer.add_string(key, value)
    if pre:
        _add_tokenizer(writer, pre)
    arrays = _arrays(model)
    change(arrays)
    for name, array in arrays.items():
        stated = (raw or {}).get(name)
        if stated is not None or array.ndim == 1:
            writer.add_tensor(name, array, raw_dtype=stated)
        else:
            writer.add_tensor(name, quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _arrays(model: LlamaForCausalLM) -> Arrays:
    """The weights by their GGUF names, rows of queries and keys in llama.cpp's order."""
    config = model.config
    names = get_tensor_name_map(MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    arrays = {}
    for name, value in model.named_parameters():
        array = value.detach().numpy()
        if count := heads.get(name.split(".")[-2]):
            # Halves of a head become pairs: rows 0, 8, 1, 9, … of 16.
            array = array.reshape(count, 2, -1, array.shape[1]).swapaxes(1, 2).reshape(array.shape)
        arrays[f"{names.get_name(name.removesuffix('.weight'))}.weight"] = array
    return arrays


def _add_tokenizer(writer: GGUFWriter, pre: str) -> None:
    described = json.loads((DEMO / "tokenizer.json").read_text())["model"]
    tokens = sorted(described["vocab"], key=described["vocab"].__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL, *[TokenType.NORMAL] * (len(tokens) - 1)])
    writer.add_token_merges([" ".join(merge) for merge in described["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)

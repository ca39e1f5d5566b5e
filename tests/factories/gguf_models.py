"""Small models written as GGUF files, as llama.cpp's converter writes them."""

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
from transformers import (
    AutoTokenizer,
    Lfm2Config,
    Lfm2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

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
    return _written(LlamaForCausalLM, config, folder)


def _written(kind: type[Any], config: Any, folder: Path) -> Any:
    """A random model, with norms that are no ones: those would be no test of where they end up."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: PreTrainedModel = kind(config)
    for value in model.parameters():
        if value.ndim == 1:
            value.data = 1 + torch.arange(len(value)) / len(value)
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
    _close(writer)


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


def _close(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def lfm2(folder: Path) -> Lfm2ForCausalLM:
    """A random hybrid in the hub's format: attention in the second of three layers."""
    config = Lfm2Config(
        num_hidden_layers=3,
        layer_types=["conv", "full_attention", "conv"],
        num_attention_heads=4,
        num_key_value_heads=2,
        hidden_size=64,
        intermediate_size=96,
        block_auto_adjust_ff_dim=False,
        max_position_embeddings=128,
        vocab_size=512,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=None,
    )
    model: Lfm2ForCausalLM = _written(Lfm2ForCausalLM, config, folder)
    return model


_LFM2 = {
    "model.embed_tokens": "token_embd",
    "model.embedding_norm": "token_embd_norm",
    "model.layers": "blk",
    "operator_norm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_output",
    "self_attn.q_layernorm": "attn_q_norm",
    "self_attn.k_layernorm": "attn_k_norm",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
    ".conv.": ".shortconv.",
}


def write_lfm2(
    file: Path, model: Lfm2ForCausalLM, change: Callable[[Arrays], Any] = lambda arrays: None
) -> None:
    """Write a hybrid in float32; `change` as for `write_gguf`."""
    config = model.config
    writer = GGUFWriter(file, "lfm2")
    writer.add_block_count(3)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv([0, config.num_key_value_heads, 0])
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_shortconv_l_cache(config.conv_L_cache)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    _add_tokenizer(writer, "default")
    arrays = {}
    for name, value in model.named_parameters():
        array = value.detach().numpy()
        for theirs, ours in _LFM2.items():
            name = name.replace(theirs, ours)
        arrays[name] = array.squeeze(1) if name.endswith("shortconv.conv.weight") else array
    change(arrays)
    for name, array in arrays.items():
        writer.add_tensor(name, array)
    _close(writer)

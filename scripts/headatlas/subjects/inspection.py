"""Geometry and identity of a model, read from its files without loading its weights."""

from pathlib import Path
from typing import Any

from ..errors import InputError
from ..hub import commit_of
from ..records.model import ModelInfo
from ..tokens.tokenizer import open_tokenizer
from .source import fetch, tokenizer_sha256, weights_sha256


def inspect(model: str, source: str, revision: str | None, dtype: str) -> ModelInfo:
    """What `model.json` says of a model. Raises InputError if it is no model we can run."""
    commit = commit_of(source, revision)
    folder = fetch(source, commit)
    config = _configuration(folder, source)
    architecture = _architecture(config, source)
    text = config.get_text_config()
    heads = text.num_attention_heads
    return ModelInfo(
        model=model,
        source=source,
        revision=revision,
        commit=commit,
        architecture=architecture,
        n_layers=text.num_hidden_layers,
        n_heads=heads,
        n_key_value_heads=getattr(text, "num_key_value_heads", None) or heads,
        d_model=text.hidden_size,
        d_head=getattr(text, "head_dim", None) or text.hidden_size // heads,
        context=_context(text, source),
        vocabulary=text.vocab_size,
        parameters=_parameters(config, architecture),
        dtype=dtype,
        bos_token_id=open_tokenizer(str(folder)).bos_token_id,
        weights_sha256=weights_sha256(folder),
        tokenizer_sha256=tokenizer_sha256(folder),
    )


def configuration_entry(info: ModelInfo) -> str:
    """The entry of `config.yaml` for a model, as YAML."""
    name = Path(info.source).name
    lines = [f"source: {info.source}"]
    lines += [f"revision: {info.revision}"] if info.revision else []
    lines += [
        f"n_layers: {info.n_layers}",
        f"n_heads: {info.n_heads}",
        f"context: {info.context}",
        f"dtype: {info.dtype}",
        f"bos: {'none' if info.bos_token_id is None else 'prepend'}",
    ]
    return f"  {name}:\n" + "\n".join(f"    {line}" for line in lines)


def check_agreement(info: ModelInfo, *, n_layers: int, n_heads: int, context: int) -> None:
    """Raise InputError if the configuration's figures are not those of the weights."""
    stated = {"n_layers": n_layers, "n_heads": n_heads}
    for key, value in stated.items():
        if value != getattr(info, key):
            raise InputError(
                f"models.{info.model}.{key}: {value} in the configuration, "
                f"but {info.source} has {getattr(info, key)}"
            )
    if context > info.context:
        raise InputError(
            f"models.{info.model}.context: {context} in the configuration, "
            f"but {info.source} takes at most {info.context} tokens"
        )


def _configuration(folder: Path, source: str) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{source}: its config.json cannot be read ({reason})") from None


def _architecture(config: Any, source: str) -> str:
    """The name of the architecture; InputError unless TransformerBridge can run it."""
    from transformer_lens.factories.architecture_adapter_factory import SUPPORTED_ARCHITECTURES

    named = config.architectures or []
    if not any(name in SUPPORTED_ARCHITECTURES for name in named):
        shown = ", ".join(named) or "none"
        raise InputError(
            f"{source}: its architecture is {shown}; allowed: those that TransformerBridge "
            f"supports, {', '.join(sorted(SUPPORTED_ARCHITECTURES)[:3])} and "
            f"{len(SUPPORTED_ARCHITECTURES) - 3} more"
        )
    return next(name for name in named if name in SUPPORTED_ARCHITECTURES)


def _context(text: Any, source: str) -> int:
    for name in ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length"):
        if value := getattr(text, name, None):
            return int(value)
    raise InputError(f"{source}: its config.json does not say how long an input may be")


def _parameters(config: Any, architecture: str) -> int:
    """Parameters of the model that is run, made without memory for them.

    Weight files do not tell: those of GPT-2 hold attention masks among the weights.
    """
    import torch
    from transformer_lens.model_bridge.sources.transformers import (
        get_hf_model_class_for_architecture,
    )

    with torch.device("meta"):
        model = get_hf_model_class_for_architecture(architecture).from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())

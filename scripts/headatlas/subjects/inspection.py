"""Geometry and identity of a model, read from its files without loading its weights."""

from collections.abc import Sequence
from pathlib import Path

from transformers import AutoConfig, PretrainedConfig, PreTrainedTokenizerBase

from ..errors import InputError
from ..hub import commit_of
from ..records.model import ModelInfo
from ..tokens.tokenizer import open_tokenizer
from .checkpoint import check_quantisation, check_weights
from .source import fetch, published_sha256, tokenizer_sha256
from .structure import architecture_of, empty_model, heads_of


def inspect(
    model: str, source: str, revision: str | None, dtype: str, context: int | None = None
) -> ModelInfo:
    """What `model.json` says of a model; `context` where the model does not limit its input.

    Raises InputError if it is no model we can run, or its weights are not its own.
    """
    commit = commit_of(source, revision)
    folder = fetch(source, commit)
    config = _configuration(folder, source)
    check_quantisation(config, source)
    architecture = architecture_of(config, source)
    text = config.get_text_config()
    heads, width = (_number(text, n, source) for n in ("num_attention_heads", "hidden_size"))
    empty = empty_model(config, source)
    attention = heads_of(empty, architecture, heads, source)
    check_weights(folder, source, empty.config, type(empty))
    tokenizer = open_tokenizer(str(folder))
    _check_vocabulary(tokenizer, text.vocab_size, source)
    return ModelInfo(
        model=model,
        source=source,
        revision=revision,
        commit=commit,
        architecture=architecture,
        n_layers=_number(text, "num_hidden_layers", source),
        n_heads=heads,
        attention_layers=attention.layers,
        n_key_value_heads=getattr(text, "num_key_value_heads", None) or heads,
        d_model=width,
        d_head=attention.d_head,
        context=_context(text, source, context),
        vocabulary=text.vocab_size,
        parameters=sum(parameter.numel() for parameter in empty.parameters()),
        dtype=dtype,
        bos_token_id=tokenizer.bos_token_id,
        weights_sha256=published_sha256(source, folder),
        tokenizer_sha256=tokenizer_sha256(folder),
    )


def configuration_entry(info: ModelInfo) -> str:
    """The entry of `config.yaml` for a model, as YAML."""
    lines = [f"source: {info.source}"]
    lines += [f"revision: {info.revision}"] if info.revision else []
    lines += [
        f"n_layers: {info.n_layers}",
        f"n_heads: {info.n_heads}",
        f"context: {info.context}",
        f"dtype: {info.dtype}",
        f"bos: {'none' if info.bos_token_id is None else 'prepend'}",
    ]
    return f"  {info.model}:\n" + "\n".join(f"    {line}" for line in lines)


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


def check_layers(info: ModelInfo, asked: Sequence[int]) -> None:
    """Raise InputError if a layer that is to be explained has no attention."""
    have = info.attention_layers
    if lacking := [n for n in asked if n not in have]:
        raise InputError(
            f"models.{info.model}.layers: of the layers asked for, {_listed(lacking)} of "
            f"{info.source} have no attention; allowed: {_listed(have)}"
        )


def _listed(layers: Sequence[int]) -> str:
    return f"[{', '.join(map(str, layers))}]"


def _configuration(folder: Path, source: str) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # whatever a damaged file, or one from elsewhere, provokes
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{source}: its config.json cannot be read ({reason})") from None
    return config


def _number(text: PretrainedConfig, name: str, source: str) -> int:
    """A figure of the configuration, one for all layers."""
    try:
        value = getattr(text, name, None)
    except Exception:  # transformers refuses to name one where it differs by layer
        raise InputError(f"{source}: its {name} differs by layer; allowed: one for all") from None
    if value is None and name == "num_attention_heads":
        raise InputError(f"{source}: it has no attention heads")
    if not isinstance(value, int):
        raise InputError(f"{source}: its config.json says {value} of {name}; allowed: a number")
    return value


def _context(text: PretrainedConfig, source: str, stated: int | None) -> int:
    for name in ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length"):
        if value := getattr(text, name, None):
            return int(value)
    if stated is None:
        raise InputError(
            f"{source}: its config.json does not say how long an input may be; "
            "state it by --context, or as context in the model's entry"
        )
    return stated


def _check_vocabulary(tokenizer: PreTrainedTokenizerBase, size: int, source: str) -> None:
    """Raise InputError if the tokenizer gives tokens that the model has no embedding for.

    Special tokens in a text are read as text, so that only the first one of a window counts.
    """
    special = set(tokenizer.all_special_ids) - {tokenizer.bos_token_id}
    special |= {n for n, token in tokenizer.added_tokens_decoder.items() if token.special}
    beyond = [n for n in tokenizer.get_vocab().values() if n >= size and n not in special]
    if beyond:
        raise InputError(
            f"{source}: its tokenizer has tokens up to number {max(beyond)}, but the model has "
            f"embeddings of {size}"
        )

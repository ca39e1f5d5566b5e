"""What can be told of a model's heads from its configuration, its modules made without memory."""

from itertools import pairwise
from typing import Any, NamedTuple

import torch
from transformer_lens.factories.architecture_adapter_factory import (
    SUPPORTED_ARCHITECTURES,
    ArchitectureAdapterFactory,
)
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_config_from_hf
from transformer_lens.model_bridge.sources.transformers import get_hf_model_class_for_architecture
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
)

from ..errors import InputError
from .writing import NORM


class Heads(NamedTuple):
    """The attention of a model: which layers have it, and its width."""

    layers: list[int]
    d_head: int


def architecture_of(config: PretrainedConfig, source: str) -> str:
    """The name of the architecture; InputError unless its heads can be read."""
    named = config.architectures or []
    if not any(name in SUPPORTED_ARCHITECTURES for name in named):
        shown = ", ".join(named) or "none"
        raise InputError(
            f"{source}: its architecture is {shown}; allowed: those that TransformerBridge "
            f"supports, {', '.join(sorted(SUPPORTED_ARCHITECTURES)[:3])} and "
            f"{len(SUPPORTED_ARCHITECTURES) - 3} more"
        )
    name = next(name for name in named if name in SUPPORTED_ARCHITECTURES)
    if get_hf_model_class_for_architecture(name) is not AutoModelForCausalLM:
        raise InputError(
            f"{source}: {name} is no model of text from left to right alone; allowed: decoders "
            "of text (causal language models)"
        )
    if _sees_later_tokens(config):
        raise InputError(
            f"{source}: its heads attend to later tokens too; allowed: models that attend to "
            "earlier tokens and the token itself"
        )
    return name


def _sees_later_tokens(config: PretrainedConfig) -> bool:
    text = config.get_text_config()
    encoder = type(config) in MODEL_FOR_MASKED_LM_MAPPING and not getattr(
        config, "is_decoder", True
    )
    return encoder or any(
        getattr(text, name, False) for name in ("use_bidirectional_attention", "prefix_lm")
    )


def empty_model(config: PretrainedConfig, source: str) -> PreTrainedModel:
    """The model with its parameters on the meta device."""
    try:
        with torch.device("meta"):
            model: PreTrainedModel = AutoModelForCausalLM.from_config(
                config, trust_remote_code=False
            )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{source}: transformers cannot make a model of its config.json ({reason})"
        ) from None
    return model


def heads_of(model: PreTrainedModel, architecture: str, heads: int, source: str) -> Heads:
    """Which layers have attention heads, and how wide they are.

    Raises InputError if no layer has, if widths differ, or if TransformerBridge does not show
    what they do: its description of the architecture says where attention, its value and its
    output are.
    """
    try:
        described = build_bridge_config_from_hf(model.config, architecture, source, torch.float32)
        adapter = ArchitectureAdapterFactory.select_architecture_adapter(described)
        blocks: Any = adapter.get_component_mapping()["blocks"]
        layers: Any = model.get_submodule(blocks.name)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{source}: TransformerBridge cannot read {architecture} ({reason})"
        ) from None
    attention = blocks.submodules.get("attn")
    present = [] if attention is None else _present(layers, attention.name)
    if not present:
        raise InputError(f"{source}: {architecture} has no attention heads")
    _check_shown(attention, source, architecture)
    if NORM in blocks.submodules:
        _check_norm(layers[present[0]], blocks.submodules[NORM].name, source)
    widths = {n: _width(layers[n], attention, heads, source) for n in present}
    if len(set(widths.values())) > 1:
        first, other = next(p for p in pairwise(present) if widths[p[0]] != widths[p[1]])
        raise InputError(
            f"{source}: its heads are {widths[first]} wide in layer {first} and {widths[other]} "
            f"in layer {other}; allowed: one width in all layers"
        )
    return Heads(present, widths[present[0]])


def _present(layers: Any, name: str) -> list[int]:
    return [n for n, layer in enumerate(layers) if _submodule(layer, name) is not None]


def _submodule(module: torch.nn.Module, name: str | None) -> torch.nn.Module | None:
    try:
        return module.get_submodule(name) if name else None
    except AttributeError:
        return None


def _check_shown(attention: Any, source: str, architecture: str) -> None:
    for kind, part in (("pattern", None), ("v", "v"), ("z", "o")):
        shown = hasattr(attention, f"hook_{kind}") or part in attention.submodules
        if not shown and not hasattr(attention, str(part)):
            raise InputError(
                f"{source}: TransformerBridge does not show hook_{kind} of {architecture}"
            )


def _check_norm(layer: torch.nn.Module, name: str, source: str) -> None:
    """A norm that subtracts the mean mixes heads; with a root mean square each has its part."""
    if isinstance(_submodule(layer, name), torch.nn.LayerNorm):
        raise InputError(f"{source}: a LayerNorm stands between its heads and the residual stream")


def _width(layer: torch.nn.Module, attention: Any, heads: int, source: str) -> int:
    module = layer.get_submodule(attention.name)
    output = _submodule(module, getattr(attention.submodules.get("o"), "name", None))
    weight = getattr(output, "weight", None)
    if weight is None or weight.ndim != 2:
        raise InputError(f"{source}: its attention has no output projection to read heads from")
    rows = weight.shape[0] if type(output).__name__ == "Conv1D" else weight.shape[1]
    if rows % heads:
        raise InputError(
            f"{source}: the {rows} inputs of its output projection are not those of {heads} heads"
        )
    return int(rows // heads)

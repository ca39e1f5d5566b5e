"""Whether the weight files of a model are those of the model, told without reading weights."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from ..errors import InputError
from .source import weight_files

_LFS = b"version https://git-lfs"
_SHOWN = 3


def check_quantisation(config: PretrainedConfig, source: str) -> None:
    """Raise InputError if the weights are quantised: W_O is needed as numbers."""
    for part in (config, config.get_text_config()):
        if stated := getattr(part, "quantization_config", None):
            settings = stated if isinstance(stated, dict) else stated.to_dict()
            method = settings.get("quant_method", "an unnamed method")
            raise InputError(
                f"{source}: its weights are quantised by {method}; "
                "allowed: weights in float32, float16 or bfloat16"
            )


def check_weights(
    folder: Path, source: str, config: PretrainedConfig, model_class: type[PreTrainedModel]
) -> None:
    """Raise InputError unless the files hold each tensor of the model and no others.

    transformers itself compares: it is given tensors without values, of the names and shapes
    that the files' headers state, so its renamings and what it knows to be harmless hold.
    """
    disable_progress_bar()
    tensors: dict[str, torch.Tensor] = {}
    for file in weight_files(folder):
        tensors |= _headers(file, source)
    # Typed as a model alone, though it comes with what was found.
    loaded: Any = model_class.from_pretrained(
        None,
        config=config,
        state_dict=tensors,
        dtype=torch.float32,
        device_map="meta",
        output_loading_info=True,
        ignore_mismatched_sizes=True,
    )
    check_found(loaded[1], source)


def check_found(found: Mapping[str, Collection[Any]], source: str) -> None:
    """Raise InputError if transformers found weights that lack, differ in shape, or are unknown.

    `found` is what it tells with `output_loading_info`.
    """
    for kind, problem in (
        ("missing_keys", "lack"),
        ("mismatched_keys", "hold in another shape than the model has it"),
        ("unexpected_keys", "hold what the model does not have:"),
    ):
        if names := sorted(n if isinstance(n, str) else n[0] for n in found.get(kind, ())):
            shown = ", ".join(names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            raise InputError(f"{source}: its weights {problem} {shown}{more}")
    if errors := list(found.get("error_msgs", ())):
        raise InputError(f"{source}: its weights cannot be used ({str(errors[0])[:200]})")


def _headers(file: Path, source: str) -> dict[str, torch.Tensor]:
    """Tensors without values, as a file's header describes them."""
    from safetensors import safe_open

    with file.open("rb") as stream:
        if stream.read(len(_LFS)) == _LFS:
            raise InputError(
                f"{source}: {file.name} is a Git LFS pointer, not the weights; `git lfs pull`"
            )
    try:
        if file.suffix == ".safetensors":
            with safe_open(file, "pt") as opened:
                return {n: _empty(opened.get_slice(n).get_shape()) for n in opened.keys()}  # noqa: SIM118 - no dict
        stored: dict[str, Any] = torch.load(file, "meta", weights_only=True, mmap=True)
        return {name: _empty(list(tensor.shape)) for name, tensor in stored.items()}
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{source}: {file.name} cannot be read ({reason})") from None


def _empty(shape: list[int]) -> torch.Tensor:
    return torch.empty(shape, device="meta")

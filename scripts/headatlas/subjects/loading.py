"""Loading a subject as a TransformerBridge: the weights as published, nothing folded."""

import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge
from transformers.utils.logging import disable_progress_bar

from ..errors import InputError
from ..records import ModelInfo
from .source import fetch

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def pick_device(device: str) -> str:
    """`auto` becomes cuda where there is one, else cpu. Raises InputError if it is absent."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"execution.device: {device}, but PyTorch sees no CUDA device here")
    return device


def load_subject(
    source: str, commit: str | None, *, dtype: str, device: str, devices: int = 1
) -> TransformerBridge:
    """A model ready for hooks, spread over `devices` GPUs if more than one.

    Weights are unprocessed (no LayerNorm folding, no centring) and attention is
    eager, as TransformerBridge does by default, so z and patterns are those of the
    published model. Raises InputError if the source or the device cannot be used.
    """
    disable_progress_bar()  # of the weights; a log is no terminal
    folder = fetch(source, commit)
    device = pick_device("cuda" if devices > 1 else device)
    where = {"n_devices": devices} if devices > 1 else {"device": device}
    bridge = TransformerBridge.boot_transformers(str(folder), dtype=_DTYPES[dtype], **where)
    bridge.eval()
    return bridge


def load_recorded(info: ModelInfo, *, device: str, devices: int) -> TransformerBridge:
    """The model that a `model.json` describes, with random weights where it says so."""
    bridge = load_subject(
        info.source, info.commit, dtype=info.dtype, device=device, devices=devices
    )
    if info.random_seed is not None:
        randomise(bridge, info.random_seed)
    return bridge


@torch.no_grad()
def randomise(model: torch.nn.Module, seed: int) -> None:
    """Draw every parameter anew, from a normal distribution of its own mean and deviation.

    So each matrix keeps its size, and attention is about as sharp as in the trained
    model; what the model has learnt is gone. Numbers are drawn on the CPU, in order of
    the parameters, and are the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        values = parameter.float()
        drawn = torch.randn(values.shape, generator=generator).to(values.device)
        parameter.copy_(values.mean() + values.std(correction=0) * drawn)


def output_gram(bridge: TransformerBridge, layer: int) -> Float[torch.Tensor, "head d_head d_head"]:
    """W_O W_Oᵀ of each head of a layer in float32: zᵀ(W_O W_Oᵀ)z = ‖z W_O‖²."""
    weights = bridge.blocks[layer].attn.W_O.detach().float()
    return weights @ weights.transpose(-1, -2)

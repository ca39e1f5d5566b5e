"""Loading a subject as a TransformerBridge: the weights as published, nothing folded."""

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources.transformers import get_hf_model_class_for_architecture
from transformers import AutoConfig
from transformers.utils.logging import disable_progress_bar

from ..errors import InputError
from ..records.model import ModelInfo
from .source import fetch, weight_files

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
    if devices > 1 and devices > (there := torch.cuda.device_count()):
        raise InputError(f"execution.devices: {devices}, but PyTorch sees {there} here")
    where = {"n_devices": devices} if devices > 1 else {"device": device}
    bridge = TransformerBridge.boot_transformers(
        str(folder), dtype=_DTYPES[dtype], trust_remote_code=False, **where
    )
    bridge.eval()
    return bridge


def load_recorded(info: ModelInfo, *, device: str, devices: int) -> TransformerBridge:
    """The model that a `model.json` describes; an untrained one where it has a random seed."""
    load = partial(load_subject, dtype=info.dtype, device=device, devices=devices)
    if info.random_seed is None:
        return load(info.source, info.commit)
    with TemporaryDirectory() as folder:
        write_untrained(fetch(info.source, info.commit), info, Path(folder))
        return load(folder, None)


def write_untrained(trained: Path, info: ModelInfo, folder: Path) -> None:
    """Write the model of a folder as it is before training: the same but for its weights.

    They are initialised as transformers does it for the architecture (mostly from a normal
    distribution of `initializer_range`), in float32 on the CPU, so that they are the same
    on every device.
    """
    files = [file for file in trained.iterdir() if file.is_file()]
    for file in set(files) - set(weight_files(trained)):
        shutil.copy(file, folder)
    model_class = get_hf_model_class_for_architecture(info.architecture)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(info.random_seed)
        config = AutoConfig.from_pretrained(trained, trust_remote_code=False)
        model_class.from_config(
            config, dtype=torch.float32, trust_remote_code=False
        ).save_pretrained(folder)

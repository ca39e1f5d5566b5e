"""A GGUF file, unpacked once into a folder in the hub's format, which all else reads.

transformers reads GGUF files, but parses the vocabulary several times and converts every weight
anew: 15 seconds a load for a model that loads in half a second from the folder written here.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import transformers
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, dequantize
from huggingface_hub import constants
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.integrations.gguf.gguf_conversion_mapping import GGUF_ARCHS
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS
from transformers.modeling_gguf_pytorch_utils import (
    TENSOR_PROCESSORS,
    TensorProcessor,
    get_gguf_hf_weights_map,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils.logging import disable_progress_bar
from transformers.utils.quantization_config import GgufConfig

from ..errors import InputError
from .checkpoint import check_found
from .structure import architecture_of, empty_model

_NAME = "model.gguf"  # transformers goes by the ending
_GPT2_SPLITS = ("gpt-2", "default")  # pre-tokenizers that transformers takes any unknown one for


def unpacked(file: Path) -> Path:
    """The folder of what a GGUF file holds, its weights in float32, beside the hub's downloads.

    It is made where it is not yet there. Raises InputError if transformers cannot read the file
    as the model that it is.
    """
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    # Another version may read a file differently.
    folder = Path(constants.HF_HOME) / "unpacked" / f"{digest}-{transformers.__version__}"
    if folder.is_dir():
        return folder
    print(f"Unpacking {file} to {folder}, once", file=sys.stderr)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as scratch:
            _unpack(file, Path(scratch)).rename(folder)
    except OSError as error:
        if folder.is_dir():  # another process was faster
            return folder
        reason = error.strerror or " ".join(str(error).split())[:200]
        raise InputError(f"{file}: cannot be unpacked to {folder.parent} ({reason})") from None
    return folder


def _unpack(file: Path, scratch: Path) -> Path:
    """Write the folder below `scratch`."""
    disable_progress_bar()
    header = _header(file)
    # In a folder of its own: transformers would mix it with the tokenizer's files beside it.
    (scratch / _NAME).symlink_to(file.resolve())
    config = _configuration(scratch, str(file))
    architecture_of(config, str(file))
    _check_names(header, empty_model(config, str(file)), str(file))
    tokenizer = _tokenizer(scratch, str(file))
    with _refusing(f"{file}: its weights cannot be read"):
        # Typed as a model alone, though it comes with what was found.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            scratch,
            config=config,
            gguf_file=_NAME,
            quantization_config=GgufConfig(dequantize=True),
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            trust_remote_code=False,
        )
    model, found = loaded
    check_found(found, str(file))
    folder = scratch / "folder"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for written in folder.iterdir():
        written.chmod(0o644)
    return folder


@contextmanager
def _refusing(problem: str) -> Iterator[None]:
    """Turn whatever a damaged file, or one from elsewhere, provokes into a sentence."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{problem} ({reason})") from None


def _header(file: Path) -> GGUFReader:
    """The parsed header. Raises InputError if it is damaged or says what transformers ignores."""
    with _refusing(f"{file}: damaged or incomplete, or newer than the package gguf"):
        header = GGUFReader(file)
        architecture = header.fields["general.architecture"].contents()
    unknown = {t.tensor_type.name for t in header.tensors if not _is_known(t.tensor_type)}
    if unknown:
        raise InputError(
            f"{file}: its weights are quantised as {', '.join(sorted(unknown))}; allowed: what "
            "the package gguf can unpack, such as F16, Q4_0, Q4_K, Q5_1, Q6_K, Q8_0 and IQ4_XS"
        )
    scaling = header.fields.get(f"{architecture}.rope.scaling.type")
    if scaling is not None and scaling.contents() != "none":
        raise InputError(
            f"{file}: it stretches rotary positions ({scaling.contents()}), which transformers "
            "does not read from GGUF; allowed: the model in the hub's format"
        )
    _tell_pre_tokenizer(header, file)
    return header


def _is_known(kind: GGMLQuantizationType) -> bool:
    _, size = GGML_QUANT_SIZES[kind]
    try:
        dequantize(np.zeros(size, np.uint8), kind)
    except NotImplementedError:
        return False
    return True


def _tell_pre_tokenizer(header: GGUFReader, file: Path) -> None:
    """Say so where transformers takes another pre-tokenizer than the file names: GPT-2's."""
    kind, named = (header.fields.get(f"tokenizer.ggml.{key}") for key in ("model", "pre"))
    if kind and named and kind.contents() == "gpt2":
        name = named.contents()
        if name not in GGUF_PRE_TOKENIZER_SPLITS and name not in _GPT2_SPLITS:
            print(f"{file}: text is split as by GPT-2 and not as by {name}", file=sys.stderr)


def _configuration(folder: Path, source: str) -> PretrainedConfig:
    with _refusing(f"{source}: transformers cannot read this GGUF file"):
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, gguf_file=_NAME)
    if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise InputError(
            f"{source}: {config.model_type} is no model of text from left to right alone; allowed: "
            "decoders of text (causal language models)"
        )
    # A GGUF file names no class of transformers.
    config.architectures = [str(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[config.model_type])]
    return config


def _check_names(header: GGUFReader, model: PreTrainedModel, source: str) -> None:
    """Raise InputError if a weight has no name in the model: transformers would pass over it."""
    architecture = header.fields["general.architecture"].contents()
    if architecture in GGUF_ARCHS:
        return  # a newer part of transformers reads it, and tells what it has no name for
    processor = TENSOR_PROCESSORS.get(architecture, TensorProcessor)()
    with _refusing(f"{source}: its weights cannot be named"):
        known = get_gguf_hf_weights_map(model, processor)
    # Of experts, the names are known without the ending.
    names = (tensor.name for tensor in header.tensors)
    unnamed = {n for n in names if n not in known and n.removesuffix(".weight") not in known}
    check_found({"unexpected_keys": unnamed}, source)


def _tokenizer(folder: Path, source: str) -> PreTrainedTokenizerBase:
    with _refusing(f"{source}: no tokenizer can be read from it"):
        return AutoTokenizer.from_pretrained(folder, gguf_file=_NAME, trust_remote_code=False)

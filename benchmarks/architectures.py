"""Which architectures can be explained: tiny random models against transformers' own attention.

Writes `benchmarks/architectures.md`; the tests run the same comparison.
"""

import argparse
import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from architecture_list import ARCHITECTURES, Architecture
from tokenizers import Tokenizer, models
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedTokenizerFast,
)
from transformers.utils.logging import disable_progress_bar, set_verbosity_error

from headatlas.activations.passes import run_hooked
from headatlas.activations.reducer import Batch, LayerReducer, Reduced
from headatlas.errors import InputError
from headatlas.subjects.inspection import inspect
from headatlas.subjects.loading import load_recorded
from headatlas.subjects.writing import writing_of

TOKENS, WINDOWS, HEADS, VOCABULARY = 12, 2, 4, 64
# Whatever a configuration has of these names is made small.
_SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "intermediate_size": 16,
    "max_position_embeddings": 64,
    "moe_intermediate_size": 8,
    "num_experts_per_tok": 2,
    "num_local_experts": 4,
    "num_experts": 4,
    "n_routed_experts": 4,
    "shared_expert_intermediate_size": 8,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "sliding_window": 6,
}
# Parts beside attention: without them a layer adds what its attention adds and nothing else.
_BESIDE: tuple[str, ...] = (
    "mlp",
    "fc1",
    "fc2",
    "feed_forward",
    "ffn",
    "expert",
    "moe",
    "dense_h_to_4h",
)
_BESIDE += ("dense_4h_to_h", "mamba", "router")


class Compared(NamedTuple):
    """Largest differences of an architecture from transformers' own, or why it is refused."""

    pattern: float
    z: float
    activation: float
    layers: int
    refused: str | None
    seconds: float


class Truth(NamedTuple):
    """What transformers itself does in one layer."""

    pattern: torch.Tensor
    z: torch.Tensor
    activation: torch.Tensor


def write_model(architecture: Architecture, folder: Path) -> None:
    """A model of random weights, with gains that are not 1 and nothing beside attention."""
    torch.manual_seed(0)
    sizes = {**_SMALL, "vocab_size": VOCABULARY, **architecture.settings}
    default = AutoConfig.for_model(architecture.kind)
    spelled = {*default.to_dict(), *type(default).attribute_map, *architecture.settings}
    own = {n: v for n, v in sizes.items() if n in spelled and v is not None}
    config = AutoConfig.for_model(architecture.kind, **own)
    kind = AutoModelForCausalLM if architecture.causal else AutoModelForSeq2SeqLM
    model = kind.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in _BESIDE) and "norm" not in name:
                parameter.zero_()
            elif parameter.ndim == 1:
                parameter.uniform_(0.5, 1.5)
    model.save_pretrained(folder)
    words = {f"w{n}": n for n in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="w1"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="w1").save_pretrained(folder)


def compare(architecture: Architecture, folder: Path) -> Compared:
    """Inspect a model, run it as the workflow does, and hold it against transformers."""
    started = time.monotonic()
    try:
        info = inspect(architecture.kind, str(folder), None, "float32", context=64)
    except InputError as error:
        seconds = time.monotonic() - started
        sentence = str(error).replace(f"{folder}: ", "")
        return Compared(np.nan, np.nan, np.nan, 0, sentence, seconds)
    seconds = time.monotonic() - started
    bridge = load_recorded(info, device="cpu", devices=1)
    tokens = torch.randint(3, VOCABULARY, (WINDOWS, TOKENS), generator=torch.manual_seed(1))
    worst = np.zeros(3)
    for layer, truth in truths(bridge, folder, tokens, info.attention_layers, architecture):
        given, reduced = _as_cached(bridge, tokens, layer)
        z = given["z"].reshape(WINDOWS, TOKENS, HEADS, -1).double()
        added = torch.from_numpy(reduced.activation).double().transpose(1, 2)
        differences = (
            (given["pattern"].double() - truth.pattern).abs().max(),
            ((z - truth.z).abs() / truth.z.abs().max()).max(),
            ((added - truth.activation).abs() / truth.activation).max(),
        )
        worst = np.maximum(worst, [float(d) for d in differences])
    largest: list[float] = worst.tolist()
    return Compared(largest[0], largest[1], largest[2], len(info.attention_layers), None, seconds)


def _as_cached(
    bridge: Any, tokens: torch.Tensor, layer: int
) -> tuple[dict[str, torch.Tensor], Reduced]:
    """What the hooks of a layer give, and what is stored of it."""
    given: dict[str, torch.Tensor] = {}

    def keep(name: str, value: torch.Tensor, hook: Any) -> None:
        given[name] = value

    hooks = [(f"blocks.{layer}.attn.hook_{n}", partial(keep, n)) for n in ("pattern", "z")]
    run_hooked(bridge, tokens, hooks)
    sampled = np.ones(WINDOWS, bool)
    numbers = np.arange(WINDOWS, dtype=np.int32)
    delimiters = torch.zeros_like(tokens, dtype=torch.bool)
    batch = Batch(numbers, ["train"] * WINDOWS, sampled, tokens, delimiters)
    reducer = LayerReducer(
        writing_of(bridge, layer), kind="write_norm", top_windows=1, keys_kept=TOKENS - 1
    )
    found: list[Reduced] = []
    run_hooked(bridge, tokens, reducer.hooks(layer, batch, found.append))
    return given, found[0]


@torch.inference_mode()
def truths(
    bridge: Any, folder: Path, tokens: torch.Tensor, layers: list[int], architecture: Architecture
) -> Iterator[tuple[int, Truth]]:
    """Pattern, z and activation by transformers alone, in double precision.

    Of the bridge, only the names of modules are taken. What stands between z W_O and the
    stream is not looked at: what the layer adds, divided by what its output projection gave,
    is what became of each number on its way, and of each head's part of it.
    """
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder,
        attn_implementation="eager",
        experts_implementation="eager",
        dtype=torch.float64 if architecture.double else torch.float32,
    ).eval()
    blocks = bridge.adapter.component_mapping["blocks"]
    attention = blocks.submodules["attn"]
    modules = model.get_submodule(blocks.name)
    seen: dict[tuple[str, int], torch.Tensor] = {}

    def first(value: Any) -> torch.Tensor:
        return value[0] if isinstance(value, tuple) else value

    def keep(layer: int, name: str, module: Any, given: Any, kwargs: Any, result: Any) -> None:
        into = given[0] if given else kwargs["hidden_states"]
        seen[f"{name} in", layer], seen[f"{name} out", layer] = into, first(result)

    outputs = {}
    for n in layers:
        outputs[n] = (
            modules[n].get_submodule(attention.name).get_submodule(attention.submodules["o"].name)
        )
        for name, module in (("layer", modules[n]), ("output", outputs[n])):
            module.register_forward_hook(partial(keep, n, name), with_kwargs=True)
    attentions = model(tokens, output_attentions=True, use_cache=False).attentions
    if len(attentions) != len(modules):  # of the layers that attend alone
        attentions = dict(zip(layers, attentions, strict=True))
    for n in layers:
        z = seen["output in", n].reshape(WINDOWS, TOKENS, HEADS, -1)
        weight = outputs[n].weight
        weight = weight if type(outputs[n]).__name__ == "Conv1D" else weight.T
        written = torch.einsum("wthd,hdm->wthm", z, weight.reshape(HEADS, z.shape[-1], -1))
        gave = seen["output out", n].reshape(WINDOWS, TOKENS, -1)
        if architecture.norm_after_sum:
            became = torch.ones_like(gave)
        else:
            became = (seen["layer out", n] - seen["layer in", n]) / gave
        activation = (written * became[:, :, None]).norm(dim=-1)
        yield n, Truth(attentions[n].double(), z, activation)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the remarks of the libraries on models so small."""
    disable_progress_bar()
    set_verbosity_error()
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def table() -> Iterator[str]:
    """The page, line by line."""
    yield "# Architectures"
    yield ""
    yield (
        "Tiny models of random weights, as `inspect_model` and `cache_activations` see them, "
        "against transformers itself (`output_attentions=True`, eager, double precision): the "
        "largest difference of a pattern, of z relative to its largest value, and of an "
        "activation relative to itself, which is stored in half precision. The activation is "
        "held against what the layer adds to its residual stream. Written by "
        "`python benchmarks/architectures.py`."
    )
    yield ""
    yield "| model type | what is special | pattern | z | activation | inspected in |"
    yield "|---|---|---|---|---|---|"
    for architecture in ARCHITECTURES:
        with TemporaryDirectory() as folder, quiet():
            write_model(architecture, Path(folder))
            found = compare(architecture, Path(folder))
        if found.refused:
            sentence = found.refused.replace("|", "\\|")
            figures = f"refused: {sentence} | | "
        else:
            figures = f"{found.pattern:.0e} | {found.z:.0e} | {found.activation:.0e}"
        special = architecture.special
        yield f"| {architecture.kind} | {special} | {figures} | {found.seconds:.1f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).with_name("architectures.md")
    parser.add_argument("--out", type=Path, default=default, help="page to write")
    args = parser.parse_args()
    args.out.write_text("".join(f"{line}\n" for line in table()))


if __name__ == "__main__":
    main()

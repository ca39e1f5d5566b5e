"""What ablating all heads of a model costs, beside the forward passes that it needs, counted.

A pass is counted by the weights that a token goes through: those of the layers that are run, and of
the unembedding. Ablation needs, for each layer, z of the reference windows (a pass up to there), a
pass of the test windows as the model is, and for each head two passes from its layer on, and an
unembedding for its direct effect. What it took is CPU time, over that of a whole pass of the same
windows, timed by turns with it in the same process. The weights are random, the windows too.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from headatlas.activations.ablating import ablate_layer
from headatlas.records.windows import WINDOWS
from headatlas.settings.effects import Effects
from headatlas.storage import write_rows
from headatlas.subjects.loading import load_subject

TOKENS = 128
KINDS = 2  # mean and resampled


def needed(
    layers: int, heads: int, layer_weights: int, end_weights: int, tests: int, references: int
) -> float:
    """Whole passes of one window that the ablation of all heads needs."""
    whole = layers * layer_weights + end_weights
    found = 0.0
    for layer in range(layers):
        later = (layers - layer) * layer_weights + end_weights
        found += references * (layer + 1) * layer_weights
        found += tests * (whole + heads * (KINDS * later + end_weights))
    return found / whole


def make_model(shape: GPT2Config, folder: Path) -> TransformerBridge:
    torch.manual_seed(0)
    GPT2LMHeadModel(shape).save_pretrained(folder)
    demo = Path(__file__).parents[1] / "workflow/resources/demo-model"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((demo / name).read_bytes())
    return load_subject(str(folder), None, dtype="float32", device="cpu")


def make_windows(path: Path, vocabulary: int, settings: Effects) -> torch.Tensor:
    """As many windows of random tokens as the settings ask for; returns those of the test split."""
    splits = ["train"] * settings.reference_windows + ["test"] * settings.test_windows
    tokens = torch.randint(1, vocabulary, (len(splits), TOKENS))
    common = {"document": "d", "start": 0, "sampled": True, "pieces": ["a"] * TOKENS}
    rows = [
        {"window": n, "split": split, "tokens": row, **common}
        for n, (split, row) in enumerate(zip(splits, tokens.tolist(), strict=True))
    ]
    write_rows(path, rows, WINDOWS)
    return tokens[settings.reference_windows :]


def seconds(do: Callable[[], object]) -> float:
    start = time.process_time()
    do()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--vocabulary", type=int, default=50257)
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = Effects()
    shape = GPT2Config(
        vocab_size=args.vocabulary, n_embd=args.width, n_layer=args.layers, n_head=args.heads
    )
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        bridge = make_model(shape, folder)
        windows, out = folder / "windows.parquet", folder / "ablations.parquet"
        tests = make_windows(windows, args.vocabulary, settings)

        def whole() -> None:
            bridge(tests, return_type="logits", use_cache=False)

        def ablate(layer: int) -> None:
            ablate_layer(
                bridge, layer, range(args.heads), windows, out, limit=settings.test_windows,
                references=settings.reference_windows, zero=False, seed=0, batch_size=16,
            )  # fmt: skip

        whole()  # once before it counts
        passes, took = [], 0.0
        for layer in range(args.layers):
            passes.append(seconds(whole))
            took += seconds(lambda layer=layer: ablate(layer))  # type: ignore[misc]
        passes.append(seconds(whole))
    one = statistics.median(passes) / len(tests)
    ideal = needed(
        args.layers,
        args.heads,
        sum(p.numel() for p in bridge.original_model.get_submodule("transformer.h.0").parameters()),
        args.width * args.vocabulary,
        settings.test_windows,
        settings.reference_windows,
    )
    print("| heads | passes of a window needed | took | ratio | seconds of a pass |")
    print("|---:|---:|---:|---:|---:|")
    print(
        f"| {args.layers * args.heads} | {ideal:.0f} | {took / one:.0f} | {took / one / ideal:.2f} "
        f"| {one:.3f} |"
    )


if __name__ == "__main__":
    main()

"""Throughput of cache_activations beside the bare forward pass of the same weights.

Both run the same batches in one process, by turns; the table gives medians over the
turns and the ratio of the medians. `bare` stops where caching stops: after the
attention of the last layer, so neither computes the unembedding.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformer_lens.model_bridge import TransformerBridge

from headatlas.activations.caching import cache_activations, read_batches, run_hooked
from headatlas.subjects.loading import load_subject


def run_bare(bridge: TransformerBridge, windows: Path, batch_size: int) -> None:
    """Every batch up to the last layer's attention, with nothing read off."""
    last = f"blocks.{bridge.cfg.n_layers - 1}.attn.hook_z"
    for batch in read_batches(windows, batch_size, shard=0, shards=1):
        run_hooked(bridge, batch.tokens, [(last, lambda z, hook: None)])


def run_caching(bridge: TransformerBridge, windows: Path, batch_size: int) -> None:
    """What the rule does, with the settings of the default configuration."""
    with tempfile.TemporaryDirectory() as folder:
        cache_activations(
            bridge,
            windows,
            {n: Path(folder) / f"layer{n:02d}.parquet" for n in range(bridge.cfg.n_layers)},
            shard=0,
            shards=1,
            kind="write_norm",
            top_windows=16,
            top_keys=8,
            batch_size=batch_size,
        )


def timed(work: Callable[..., None], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", default="workflow/resources/demo-model", help="the model")
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet of a run")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--batch-size", type=int, default=16, help="windows in a forward pass")
    parser.add_argument("--turns", type=int, default=5, help="measured turns, after one unmeasured")
    args = parser.parse_args()

    bridge = load_subject(args.source, None, dtype="float32", device=args.device)
    batches = read_batches(args.windows, args.batch_size, shard=0, shards=1)
    tokens = sum(batch.tokens.numel() for batch in batches)
    works = {"bare": run_bare, "caching": run_caching}
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(args.turns + 1):
        for name, work in works.items():
            taken = timed(work, bridge, args.windows, args.batch_size)
            if turn:
                seconds[name].append(taken)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{args.source}, {tokens:,} tokens, {torch.get_num_threads()} threads")
    for name, value in median.items():
        spread = max(seconds[name]) - min(seconds[name])
        ratio = median["bare"] / value
        speed = f"{tokens / value:10,.0f} tokens/s"
        print(f"{name:8} {speed}  {ratio:.2f} of bare  spread {spread:.2f} s")


if __name__ == "__main__":
    main()

"""Speed and memory of cache_activations beside the bare forward pass and run_with_cache.

Speed: the variants go by turns over the same windows in one process; medians over the
turns. `bare` stops where caching stops, after the attention of the last layer, with
nothing read off. The run_with_cache variants are what one would write without this
project: each batch's cache is dropped at once, and the logits are computed. In a run
of few windows most are among the largest so far, so that attention is kept for most:
this is caching at its slowest.

Memory: each figure is of a process of its own. On a CPU it is the resident memory at its
peak, the model included; on a GPU what PyTorch had allocated there.

Everything needed is made in a temporary folder: windows of the Python documentation and
a GPT-2 small with random weights and the tokenizer of the demo model.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from headatlas.activations.caching import cache_activations, read_batches
from headatlas.activations.passes import run_hooked
from headatlas.corpora.python_docs import python_documents
from headatlas.corpora.windows import WindowSettings, sample_windows
from headatlas.records.base import SPLITS
from headatlas.records.windows import WINDOWS
from headatlas.storage import write_rows
from headatlas.subjects.loading import load_subject, pick_device
from headatlas.tokens.tokenizer import open_tokenizer

DEMO = Path(__file__).parents[1] / "workflow/resources/demo-model"
MIB = 2**20


class Job(NamedTuple):
    """A model, the windows it runs over and how."""

    source: Path
    windows: Path
    device: str
    batch_size: int


def run_bare(bridge: TransformerBridge, job: Job) -> int:
    last = f"blocks.{bridge.cfg.n_layers - 1}.attn.hook_z"
    for batch in read_batches(job.windows, job.batch_size, shard=0, shards=1):
        run_hooked(bridge, batch.tokens, [(last, lambda z, hook: None)])
    return 0


def run_caching(bridge: TransformerBridge, job: Job) -> int:
    """What the rule does, with the settings of the default configuration."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {n: Path(folder) / f"layer{n:02d}.parquet" for n in range(bridge.cfg.n_layers)}
        cache_activations(
            bridge,
            job.windows,
            paths,
            shard=0,
            shards=1,
            kind="write_norm",
            top_windows=16,
            top_keys=16,
            batch_size=job.batch_size,
        )
        return sum(path.stat().st_size for path in paths.values())


def run_cache_of_z_and_patterns(bridge: TransformerBridge, job: Job) -> int:
    return _run_with_cache(bridge, job, lambda name: name.endswith((".hook_z", ".hook_pattern")))


def run_cache_of_everything(bridge: TransformerBridge, job: Job) -> int:
    return _run_with_cache(bridge, job, None)


def _run_with_cache(
    bridge: TransformerBridge, job: Job, names_filter: Callable[[str], bool] | None
) -> int:
    with torch.inference_mode():
        for batch in read_batches(job.windows, job.batch_size, shard=0, shards=1):
            bridge.run_with_cache(batch.tokens.to(bridge.cfg.device), names_filter=names_filter)
    return 0


VARIANTS: dict[str, Callable[[TransformerBridge, Job], int]] = {
    "bare": run_bare,
    "cache_activations": run_caching,
    "run_with_cache, z and patterns": run_cache_of_z_and_patterns,
    "run_with_cache, everything": run_cache_of_everything,
}


def load(job: Job) -> TransformerBridge:
    return load_subject(str(job.source), None, dtype="float32", device=job.device)


def seconds_by_turns(
    job: Job, variants: Sequence[str], turns: int
) -> tuple[dict[str, list[float]], int]:
    """Seconds of each variant in each turn, and the bytes that caching wrote."""
    bridge, written = load(job), 0
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(turns):
        for name in variants:
            start = time.perf_counter()
            written += VARIANTS[name](bridge, job)
            if job.device.startswith("cuda"):
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - start)
    return seconds, written // turns


def peak_memory(job: Job, variant: str) -> int:
    """Bytes at the peak of one run in a fresh process."""
    fresh = multiprocessing.get_context("forkserver")  # a spawned one counts our peak as its own
    with ProcessPoolExecutor(1, mp_context=fresh) as process:
        return process.submit(_peak_memory_here, job, variant).result()


def _peak_memory_here(job: Job, variant: str) -> int:
    VARIANTS[variant](load(job), job)
    if job.device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def compare(job: Job, variants: Sequence[str], turns: int) -> list[dict[str, Any]]:
    """A row of the table for each variant."""
    memory = {name: peak_memory(job, name) for name in variants}
    batches = read_batches(job.windows, job.batch_size, shard=0, shards=1)
    tokens = sum(batch.tokens.numel() for batch in batches)
    seconds, written = seconds_by_turns(job, variants, turns)
    bare = statistics.median(seconds["bare"])
    return [
        {
            "variant": name,
            "tokens/s": round(tokens / statistics.median(taken)),
            "of bare": round(bare / statistics.median(taken), 2),
            "slowest and fastest turn": " to ".join(
                f"{tokens / s:,.0f}" for s in (max(taken), min(taken))
            ),
            "peak MiB": round(memory[name] / MIB),
            "MiB written": round(written / MIB, 1) if name == "cache_activations" else 0,
        }
        for name, taken in seconds.items()
    ]


def write_windows(path: Path, windows: int, tokens: int) -> Path:
    """Windows of Python documentation that the demo model was not trained on."""
    settings = WindowSettings(
        window_tokens=tokens,
        windows=windows,
        windows_per_document=windows,
        sampled=min(32, windows // 8),
        fractions=dict(zip(SPLITS, (0.5, 0.25, 0.25), strict=True)),
        prepend_bos=True,
        seed=0,
    )
    documents = python_documents(held_out=True)
    rows, _ = sample_windows(documents, open_tokenizer(str(DEMO)), settings)
    if len(rows) != windows:
        raise SystemExit(f"the Python documentation gives {len(rows)} windows, not {windows}")
    write_rows(path, rows, WINDOWS)
    return path


def write_gpt2(folder: Path) -> Path:
    """GPT-2 small, untrained."""
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
    open_tokenizer(str(DEMO)).save_pretrained(folder)
    return folder


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    shown = [[f"{v:,}" if isinstance(v, int) else str(v) for v in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *shown]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--batch-size", type=int, default=16, help="windows in a forward pass")
    parser.add_argument(
        "--variants", nargs="*", default=[], choices=list(VARIANTS)[1:], help="beside bare; all"
    )
    parser.add_argument("--turns", type=int, default=3, help="turns over the windows")
    parser.add_argument("--gpt2-windows", type=int, default=64, help="windows of 128 tokens")
    parser.add_argument("--demo-windows", type=int, default=960, help="windows of 128 tokens")
    parser.add_argument(
        "--memory-windows",
        type=int,
        nargs="*",
        default=[100, 1_000, 10_000],
        help="windows of 20 tokens for which the peak memory of caching is measured",
    )
    parser.add_argument("--json", type=Path, help="file for the same figures")
    args = parser.parse_args()

    device = pick_device(args.device)
    variants = ["bare", *args.variants] if args.variants else list(VARIANTS)
    machine = {
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else "cpu",
        "threads": torch.get_num_threads(),
        "processors": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()), flush=True)
    tables: dict[str, list[dict[str, Any]]] = {}

    def show(title: str, rows: list[dict[str, Any]]) -> None:
        tables[title] = rows
        print(f"\n### {title}\n\n{markdown(rows)}", flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = {
            "GPT-2 small, random weights": (write_gpt2(folder / "gpt2"), args.gpt2_windows),
            "demo model": (DEMO, args.demo_windows),
        }
        for title, (source, count) in models.items():
            windows = write_windows(folder / f"{count}.parquet", count, 128)
            job = Job(source, windows, device, args.batch_size)
            show(f"{title}, {count} windows of 128 tokens", compare(job, variants, args.turns))
        growth = []
        for count in args.memory_windows:
            windows = write_windows(folder / f"{count}x20.parquet", count, 20)
            job = Job(DEMO, windows, device, args.batch_size)
            peak = peak_memory(job, "cache_activations")
            growth.append({"windows": count, "peak MiB": round(peak / MIB)})
        if growth:
            show("cache_activations, demo model, windows of 20 tokens", growth)
    if args.json:
        args.json.write_text(json.dumps({"machine": machine, "tables": tables}, indent=1) + "\n")


if __name__ == "__main__":
    main()

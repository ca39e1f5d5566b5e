"""What size costs: the DAG, the jobs, the files and the disk of the shape of gpt2-xl.

Models of 48 layers x 25 heads with random weights and a small width, few and short windows: every
rule does its work, and what remains is what jobs, files and Snakemake itself cost.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import torch
import yaml
from transformers import GPT2Config, GPT2LMHeadModel

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "workflow/resources/demo-model"
LAYERS, HEADS, CONTEXT = 48, 25, 64


def make_model(folder: Path, seed: int, layers: int = LAYERS) -> None:
    """A GPT-2 with random weights in hub format, with the demo model's tokenizer."""
    torch.manual_seed(seed)
    vocabulary = json.loads((DEMO / "config.json").read_text())["vocab_size"]
    shape = GPT2Config(
        vocab_size=vocabulary, n_positions=CONTEXT, n_embd=4 * HEADS, n_layer=layers, n_head=HEADS
    )
    GPT2LMHeadModel(shape).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((DEMO / name).read_bytes())


def write_config(folder: Path, models: list[str]) -> None:
    """The default configuration with these models and few, short windows."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["sweep"]["models"] = models
    shape = {"n_layers": LAYERS, "n_heads": HEADS, "context": CONTEXT}
    config["models"] = {name: {"source": name, **shape} for name in models}
    config["corpora"]["python-docs"] |= {"windows": 80, "window_tokens": 32, "sampled": 8}
    config["activations"]["top_windows"] = 4
    config["events"] |= {"top": 4, "quantiles": 2}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def snakemake(folder: Path, *options: str) -> tuple[float, str]:
    """Seconds and standard output of a run of the workflow in a folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), *options]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - start, done.stdout


def jobs_per_rule(folder: Path) -> pl.DataFrame:
    """Jobs, median seconds and largest memory of each rule, from the benchmark files."""
    rows = []
    for file in sorted((folder / "results/benchmarks").rglob("*.tsv")):
        table = pl.read_csv(file, separator="\t", null_values="NA")
        kind = file.parent.name if file.parent.name not in ("", "python-docs") else file.stem
        kind = file.stem if file.parent.parent.name == "atlas" else kind
        rows.append({"job": kind, "s": table["s"][0], "max_rss": table["max_rss"][0]})
    return (
        pl.DataFrame(rows)
        .group_by("job", maintain_order=True)
        .agg(pl.len().alias("jobs"), pl.col("s").median(), pl.col("max_rss").max())
    )


def files_and_bytes(folder: Path) -> list[tuple[str, int, float]]:
    """Number of files and megabytes below a run's folder, by kind of result."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for top in ("results", ".snakemake"):
        for file in (folder / top).rglob("*"):
            if file.is_file():
                parts = file.relative_to(folder).parts
                kind = "/".join(parts[:2]) if parts[1] in ("logs", "benchmarks") else parts[0]
                counts[kind] += 1
                sizes[kind] += file.stat().st_size
    return [(kind, counts[kind], sizes[kind] / 1e6) for kind in sorted(counts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where models and results go")
    parser.add_argument("--models", type=int, default=5, help="models of the dry runs")
    parser.add_argument("--run", action="store_true", help="also run the first model")
    parser.add_argument("--options", nargs="*", default=["--profile", str(ROOT / "profiles/local")])
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    names = [f"xl-{n}" for n in range(args.models)]
    for seed, name in enumerate(names):
        if not (args.folder / name / "config.json").exists():
            make_model(args.folder / name, seed)
    for count in sorted({1, args.models}):
        write_config(args.folder, names[:count])
        seconds, out = snakemake(args.folder, "--dry-run", "--quiet", "rules", "--cores", "1")
        total = next(line.split()[1] for line in out.splitlines() if line.startswith("total"))
        # The largest process so far, and each dry run is larger than the one before.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
        print(f"dry run, models {count}: {total} jobs, {seconds:.1f} s, {peak:.0f} MB", flush=True)
    if args.run:
        write_config(args.folder, names[:1])
        seconds, _ = snakemake(args.folder, *args.options)
        print(f"run, 1 model: {seconds:.0f} s")
        seconds, _ = snakemake(args.folder, "--dry-run", "--quiet", "all", "--cores", "1")
        print(f"dry run when all is done: {seconds:.1f} s")
        print(jobs_per_rule(args.folder))
        for kind, files, megabytes in files_and_bytes(args.folder):
            print(f"{kind}: {files} files, {megabytes:.1f} MB")


if __name__ == "__main__":
    main()

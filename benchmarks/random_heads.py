"""False discovery: how many heads with random weights count as explained.

`python benchmarks/random_heads.py --work results/random` runs the workflow on a GPT-2 and a Llama
that have learnt nothing, with the text and the settings of the default, and counts the verdicts on
their heads as if they were any model's: what is told of them is how random weights attend, not
something that they do.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import torch
import yaml
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from headatlas.records.scores import HeadScores
from headatlas.statistics.proportion import wilson
from headatlas.storage import read_record

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "workflow/resources/demo-model"
LAYERS, HEADS, D_HEAD, CONTEXT = 6, 10, 32, 256


def make_models(work: Path, seed: int) -> list[str]:
    """Both, in hub format, with the demo model's tokenizer. Returns their names."""
    vocabulary, width = json.loads((DEMO / "config.json").read_text())["vocab_size"], HEADS * D_HEAD
    gpt2 = GPT2Config(
        vocab_size=vocabulary, n_positions=CONTEXT, n_embd=width, n_layer=LAYERS, n_head=HEADS
    )
    llama = LlamaConfig(
        vocab_size=vocabulary, max_position_embeddings=CONTEXT, hidden_size=width,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=HEADS // 2,
        intermediate_size=4 * width,
    )  # fmt: skip
    made = {"gpt2": (GPT2LMHeadModel, gpt2), "llama": (LlamaForCausalLM, llama)}
    for name, (kind, shape) in made.items():
        torch.manual_seed(seed)
        kind(shape).save_pretrained(work / name)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            (work / name / file).write_bytes((DEMO / file).read_bytes())
    return list(made)


def write_config(work: Path, names: list[str]) -> None:
    """The default configuration, without what no verdict needs."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    shape = {"n_layers": LAYERS, "n_heads": HEADS, "context": CONTEXT}
    config["models"] = {name: {"source": name, **shape} for name in names}
    config["sweep"]["models"] = names
    config["scoring"] |= {"random_heads": 0, "substitution_windows": 0}
    config["scoring"]["substitution_head_windows"] = 0
    config["effects"]["test_windows"] = 0
    (work / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="where models and results go")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    names = make_models(args.work, args.seed)
    write_config(args.work, names)
    options = ["--snakefile", str(ROOT / "Snakefile"), "--profile", str(ROOT / "profiles/local")]
    subprocess.run([sys.executable, "-m", "snakemake", *options], cwd=args.work, check=True)
    every = Counter[str]()
    for name in names:
        scores = args.work / "results" / name / "python-docs/symbolic/round0/scores"
        verdicts = [read_record(path, HeadScores).verdict for path in sorted(scores.glob("*"))]
        counts = Counter(v.status for v in verdicts)
        print(f"{name}: {len(verdicts)} heads: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
        every += counts
    low, high = wilson(every["explained"], every.total())
    print(f"explained: {every['explained']} of {every.total()}, 95 % {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()

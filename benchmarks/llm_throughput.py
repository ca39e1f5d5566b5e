"""How long explanations of 200 heads by a language model take, beside the calls alone.

The workflow runs against a server of the tests that answers after 2 seconds and fails in 5 % of the
calls; in the middle Snakemake is killed, and started again. The ideal time is that of all
calls, each made once, at the configured number of calls at once, without the failures, the
processes and the kill.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from llm_server import Body, LlmServer  # noqa: E402
from scale import CONTEXT, make_model  # noqa: E402

LAYERS, HEADS = 8, 25
FAMILIES = 9  # explanations of the same family are no controls of each other


def write_config(folder: Path, base_url: str, args: argparse.Namespace) -> None:
    """One model, and one explainer with the defaults of the configuration, but for the items."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    shape = {"n_layers": LAYERS, "n_heads": HEADS, "context": CONTEXT}
    config["models"] = {"model": {"source": "model", **shape}}
    config["corpora"]["python-docs"] |= {"windows": 128, "window_tokens": 32, "sampled": 16}
    endpoint = {"model": "slow", "base_url": base_url, "output": "json_object"}
    at_once = args.calls if args.ahead else args.calls_of_a_head
    endpoint |= {"calls_at_once": at_once, "ahead": args.ahead}
    config["endpoints"] = {"slow": endpoint}
    llm = {"kind": "llm", "endpoint": "slow", "judge": "slow", "rounds": 0}
    llm |= {"candidates": args.candidates}
    config["explainers"] = {"llm": llm}
    config["sweep"] |= {"models": ["model"], "explainers": ["llm"]}
    config["activations"]["top_windows"] = 8
    config["events"] |= {"top": 8, "quantiles": 2}
    config["scoring"] |= {"random_heads": 0, "items": args.items}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


class Brain:
    """Explanations that all differ, and a judge that always agrees; counts what it answers."""

    def __init__(self) -> None:
        self.answered = 0

    def __call__(self, body: Body) -> str:
        self.answered += 1
        if "response_format" not in body:
            return "yes"
        number = zlib.crc32(json.dumps(body).encode())
        texts = [f"A text of the head, {number} and {n}." for n in range(10)]
        family = {"name": f"family {number % FAMILIES}", "active_when": "", "purpose": ""}
        return json.dumps(
            {
                "summary": f"The head attends to the token just before. This is {number}.",
                "behaviours": [family | {"attends_to": "the previous token"}],
                "confidence": 0.5,
                "positive_texts": texts[:5],
                "negative_texts": texts[5:],
            }
        )


def start(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    profile = ROOT / "profiles/local"
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--profile", str(profile), "--rerun-incomplete", *arguments]
    return subprocess.Popen(command, cwd=folder, start_new_session=True)


def replies(folder: Path) -> int:
    return len(list((folder / "results/replies").glob("??/*.json")))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where model and results go")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds of a reply")
    parser.add_argument("--failures", type=float, default=0.05, help="share of calls that fail")
    parser.add_argument("--calls", type=int, default=56, help="calls at once, in all")
    # Snakemake runs at most five processes that need no core more than there are cores.
    parser.add_argument("--calls-of-a-head", type=int, default=8, help="of these, by one process")
    parser.add_argument("--items", type=int, default=20, help="passages judged, of each question")
    parser.add_argument("--candidates", type=int, default=3, help="explanations proposed of a head")
    parser.add_argument(
        "--ahead", action="store_true", help="one process asks about all heads; theirs are left out"
    )
    parser.add_argument(
        "--kill", action=argparse.BooleanOptionalAction, default=True, help="in the middle"
    )
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    make_model(args.folder / "model", 0, layers=LAYERS)
    brain = Brain()
    with LlmServer(brain, latency=args.latency, failures=args.failures) as server:
        write_config(args.folder, server.base_url, args)
        limit = ("--resources", "gpu=1", f"calls={args.calls}")
        assert start(args.folder, *limit, "--until", "select_events").wait() == 0
        began = time.perf_counter()
        last = "ask_in_batches" if args.ahead else "judge_head_llm"
        if args.kill:
            judged = 2 * args.items  # passages, of each explanation
            of_a_head = args.candidates * (1 + judged) + 2 * judged  # its own, and a control's
            interrupted(args.folder, LAYERS * HEADS * of_a_head // 2, *limit, "--until", last)
        assert start(args.folder, *limit, "--until", last).wait() == 0
        seconds = time.perf_counter() - began
        calls = replies(args.folder)
        ideal = calls * args.latency / args.calls
        again = brain.answered - calls
        print(f"calls: {calls}, answered twice: {again} (under way at the kill)")
        print(f"requests that failed: {len(server.requests) - brain.answered}")
        print(f"most requests at once: {server.most_at_once} of {args.calls}")
        print(f"seconds: {seconds:.0f}; ideal: {ideal:.0f}; ratio: {seconds / ideal:.2f}")
        if args.ahead:
            (table,) = (args.folder / "results/benchmarks").rglob("batches.tsv")
            job = float(table.read_text().splitlines()[1].split("\t")[0])
            print(f"of these the job that asks: {job:.0f}; ratio: {job / ideal:.2f}")


def interrupted(folder: Path, enough: int, *arguments: str) -> None:
    """Snakemake and its jobs, killed when so many replies are there, and unlocked."""
    run = start(folder, *arguments)
    while replies(folder) < enough:
        time.sleep(0.5)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert start(folder, "--unlock").wait() == 0


if __name__ == "__main__":
    main()

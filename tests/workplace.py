"""A workplace of its own for the workflow: a tiny model, a small corpus, a configuration."""

import copy
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import forked_jobs
import yaml

ROOT = Path(__file__).parents[1]
# A process that has imported Snakemake, from which its runs are forked: the import takes longer
# than most of what the tests ask it.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["snakemake.cli", "jsonschema", "pydantic"])
# Jobs of one thread: several, of several jobs, wait for each other, and burn the cores meanwhile.
CORES = ["--cores", "2", "--max-threads", "1", "--scheduler", "greedy"]
SCRIPT = "<script>alert(1)</script>"
HOSTILE = (
    f"{SCRIPT} & </title> nul\x00byte, bell\x07, family 👩‍👩‍👧‍👦 flag 🏳️‍🌈, "
    "right to left שלום עולם مرحبا, `code` | pipe\n"
)


def make_model(
    folder: Path,
    seed: int,
    *,
    layers: int,
    heads: int,
    values: int,
    learnt: str,
    context: int = 64,
) -> None:
    """A Llama with random weights, and a byte-level tokenizer to which `learnt` is one token."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([learnt], trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=300,
        hidden_size=8 * heads,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=values,
        max_position_embeddings=context,
        initializer_range=0.5,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


def make_corpus(folder: Path) -> None:
    """Forty small documents, all alike in kind and none in words; hostile text is everywhere."""
    folder.mkdir()
    for n in range(40):
        words = [f"w{(n * 37 + k * k) % 101} the ({k}), and" for k in range(30)]
        text = f"{SCRIPT}\n".join(" ".join(words[k : k + 2]) for k in range(0, 30, 2))
        (folder / f"{n:02d}.txt").write_text(f"{n}{HOSTILE}{text}{HOSTILE}")
    (folder / "line.txt").write_text("x" * 100_000)


def small_configuration() -> dict[str, Any]:
    """Few heads and few windows: seconds, not minutes. `second` differs in all it can."""
    return {
        "sweep": {
            "models": ["tiny"],
            "corpora": ["words"],
            "explainers": ["symbolic"],
            "clusterings": ["minilm"],
        },
        "models": {
            "tiny": {"source": "tiny", "n_layers": 2, "n_heads": 3, "context": 64},
            "second": {
                "source": "second",
                "n_layers": 3,
                "n_heads": 4,
                "context": 64,
                "bos": "none",
                "heads": ["L00H03", "L02H00", "L02H01"],
            },
        },
        "corpora": {
            "words": {
                "kind": "text",
                "files": "words/*.txt",
                "windows": 60,
                "window_tokens": 32,
                "sampled": 6,
                "windows_per_document": 3,
            }
        },
        "explainers": {"symbolic": {"kind": "symbolic", "texts": 4}},
        "clusterings": {"minilm": {"encoder": "all-MiniLM-L6-v2"}},
        "activations": {"top_windows": 4, "top_keys": 4},
        "events": {"top": 3, "quantiles": 2, "per_quantile": 1},
        "scoring": {"bootstrap": 50, "controls": 1, "random_heads": 1}
        | {"substitution_windows": 2, "substitution_head_windows": 2},
        "effects": {"test_windows": 2, "reference_windows": 4},
        "report": {"exemplars": 2},
        "execution": {"batch_size": 8, "device": "cpu"},
    }


def snakemake(folder: Path, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder, as a process of its own. Returns what became of it."""
    words = list(map(str, arguments))
    with tempfile.TemporaryDirectory() as outside:
        said = Path(outside, "stdout"), Path(outside, "stderr")
        given = folder, words, dict(os.environ), said, forked_jobs.python()
        process = _FORKS.Process(target=_snakemake, args=given)
        process.start()
        process.join()
        code = process.exitcode
        assert code is not None
        return subprocess.CompletedProcess(words, code, *(file.read_text() for file in said))


def _snakemake(
    folder: Path,
    words: list[str],
    environment: dict[str, str],
    said: tuple[Path, Path],
    python: Path,
) -> None:
    for number, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *words]
    sys.executable = str(python)  # whose folder the workflow puts first where jobs look for it
    from snakemake.cli import main

    main()


class Workplace:
    """A folder in which Snakemake runs the workflow."""

    def __init__(self, folder: Path, snakefile: Path = ROOT / "Snakefile"):
        self.folder, self.snakefile = folder, snakefile
        self.configuration = small_configuration()

    def changed(self, *path: str, to: Any) -> dict[str, Any]:
        """The configuration with one value replaced or added."""
        configuration = copy.deepcopy(self.configuration)
        at = configuration
        for key in path[:-1]:
            at = at.setdefault(key, {})
        at[path[-1]] = to
        return configuration

    def snakemake(
        self, *arguments: str, configuration: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake here; the configuration is that of this workplace unless given."""
        return snakemake(self.folder, self._prepared(arguments, configuration))

    def command(self, *arguments: str, configuration: dict[str, Any] | None = None) -> list[str]:
        """A command that does so, for a test that starts a process of its own, and may kill it."""
        words = self._prepared(arguments, configuration)
        return [sys.executable, "-m", "snakemake", *words]

    def _prepared(
        self, arguments: Sequence[str], configuration: dict[str, Any] | None
    ) -> list[str]:
        (self.folder / "config.yaml").write_text(
            yaml.safe_dump(configuration or self.configuration, sort_keys=False)
        )
        base = ["--snakefile", str(self.snakefile), *CORES, "--rerun-incomplete"]
        return [*base, *arguments]

    def run(self, *arguments: str, configuration: dict[str, Any] | None = None) -> str:
        """Run Snakemake to a good end. Returns what it said."""
        done = self.snakemake(*arguments, configuration=configuration)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-4000:]
        return said

    def jobs(self, *arguments: str, configuration: dict[str, Any] | None = None) -> Counter[str]:
        """How many jobs of each rule a dry run would execute."""
        said = self.run("--dry-run", *arguments, configuration=configuration)
        table = re.search(r"^job +count\n[- ]+\n((?:\w+ +\d+\n)+)", said, re.M)
        if table is None:
            assert "Nothing to be done" in said, said[-4000:]
            return Counter()
        counts = dict(line.split() for line in table[1].splitlines())
        return Counter({r: int(n) for r, n in counts.items() if r not in ("total", "all")})

    @property
    def atlas(self) -> Path:
        return self.folder / "results/tiny/words/symbolic/atlas/minilm"


def contents(folder: Path) -> dict[str, bytes]:
    """Every result by name; logs and benchmarks are about the run, not results."""
    results = folder / "results"
    return {
        file.relative_to(results).as_posix(): file.read_bytes()
        for file in sorted(results.rglob("*"))
        if file.is_file() and file.relative_to(results).parts[0] not in ("logs", "benchmarks")
    }

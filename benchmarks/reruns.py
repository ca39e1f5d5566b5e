"""What a change reruns: dry runs over finished results, printed as a table in Markdown.

It needs the results of the default configuration (`make atlas`) and leaves them as they
are: every change is made to a copy of the repository that shares them.
"""

import argparse
import copy
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
MODEL = "workflow/resources/demo-model"
Config = dict[str, Any]


def setting(*path: str, to: Any) -> Callable[[Config], None]:
    """A change of one setting."""

    def change(config: Config) -> None:
        for key in path[:-1]:
            config = config[key]
        config[path[-1]] = to

    return change


def added(section: str, entry: Config) -> Callable[[Config], None]:
    """An entry of the section, named in the sweep beside what is there."""

    def change(config: Config) -> None:
        config[section]["added"] = entry
        config["sweep"][section].append("added")

    return change


def work(config: Config) -> None:
    """Everything that is said of how the work is done, but the number of shards."""
    config["execution"] |= {"batch_size": 4, "device": "cpu", "devices": 2}


SECOND = {"source": MODEL, "n_layers": 3, "n_heads": 8, "context": 256, "dtype": "bfloat16"}
# Where this is changed, what is done for heads is done again, and nothing before.
HEADS = setting("explainers", "symbolic", "min_gain", to=0.2)
SETTINGS: dict[str, Callable[[Config], None]] = {
    "nothing": lambda config: None,
    "`execution.batch_size`, `device` and `devices`": work,
    "`execution.shards` from 1 to 2": setting("execution", "shards", to=2),
    "`report.title`": setting("report", "title", to="Another title"),
    "`clusterings.minilm.min_cluster_size`": setting(
        "clusterings", "minilm", "min_cluster_size", to=3
    ),
    "`scoring.bootstrap`": setting("scoring", "bootstrap", to=500),
    "`scoring.controls`": setting("scoring", "controls", to=2),
    "`scoring.items`": setting("scoring", "items", to=10),
    "`explainers.symbolic.min_gain`": HEADS,
    "`explainers.symbolic.texts`": setting("explainers", "symbolic", "texts", to=8),
    "`writing.top`": setting("writing", "top", to=5),
    "`events.top`": setting("events", "top", to=8),
    "`activations.top_windows`": setting("activations", "top_windows", to=12),
    "`corpora.python-docs.windows`": setting("corpora", "python-docs", "windows", to=480),
    "`seed`": setting("seed", to=1),
    "`models.demo.dtype`": setting("models", "demo", "dtype", to="bfloat16"),
    "`effects.test_windows`": setting("effects", "test_windows", to=8),
    "`effects.family_draws`": setting("effects", "family_draws", to=3),
    "a clustering added": added("clusterings", {"min_cluster_size": 4}),
    "an explainer added": added("explainers", {"kind": "symbolic", "max_behaviours": 1}),
    "a corpus added": added("corpora", {"kind": "python-docs", "windows": 480}),
    "a model added": added("models", SECOND),
}
EDITED = {
    "the script `score_head.py` edited": "scripts/score_head.py",
    "a measure edited": "scripts/headatlas/measures/pair_auroc.py",
    "the module `explainers/symbolic/findings.py` edited": (
        "scripts/headatlas/explainers/symbolic/findings.py"
    ),
    "a table of the comparison edited": "scripts/headatlas/records/comparison.py",
    "the module `writing/scores.py` edited": "scripts/headatlas/writing/scores.py",
    "the record of the scores edited": "scripts/headatlas/records/scores.py",
    "the settings of the report edited": "scripts/headatlas/settings/report.py",
    "the module `storage.py` edited": "scripts/headatlas/storage.py",
    "a template edited": "workflow/templates/index.html",
    "the weights changed": f"{MODEL}/model.safetensors",
}
TOUCHED = {
    "the weights copied, so that they are newer": f"{MODEL}/model.safetensors",
    "a script touched": "scripts/score_head.py",
    "people have rated": "data/ratings/demo/python-docs/symbolic.sqlite",
}


class Copy:
    """A copy of the repository, of which one thing at a time is changed."""

    def __init__(self, folder: Path, run: Path):
        self.folder = folder
        for name in ("scripts", "workflow", "envs", "profiles"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "Snakefile", folder)
        (folder / "results").symlink_to((run / "results").resolve())
        shutil.copytree(run / ".snakemake/metadata", folder / ".snakemake/metadata")
        self.config: Config = yaml.safe_load((ROOT / "config.yaml").read_text())

    def jobs(self, change: Callable[[Config], None] = lambda config: None) -> Counter[str]:
        """The jobs of each rule that a dry run names, in the order of the rules' names."""
        config = copy.deepcopy(self.config)
        change(config)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--cores", "1"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        table = re.search(r"^job +count\n[- ]+\n((?:\w+ +\d+\n)+)", done.stdout + done.stderr, re.M)
        rows = [line.split() for line in table[1].splitlines()] if table else []
        return Counter({r: int(count) for r, count in rows if r not in ("all", "total")})

    @contextmanager
    def edited(self, name: str) -> Iterator[None]:
        """A byte more at the end of a file; what it says does not matter to a dry run."""
        path = self.folder / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        yield
        path.write_bytes(before)


def rows(copied: Copy) -> Iterator[tuple[str, Counter[str]]]:
    """Every change and the jobs that it makes."""
    for name, change in SETTINGS.items():
        yield name, copied.jobs(change)
    for name, file in TOUCHED.items():
        (copied.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (copied.folder / file).touch()
        yield name, copied.jobs()
    shutil.rmtree(copied.folder / "data")
    for name, file in EDITED.items():
        with copied.edited(file):
            yield name, copied.jobs()


def in_words(jobs: Counter[str]) -> str:
    """How many jobs of each rule."""
    return ", ".join(f"{count} {rule}" for rule, count in jobs.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, default=ROOT, help="folder where the workflow has run")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        copied = Copy(Path(folder) / "copy", args.run)
        heads = copied.jobs(HEADS)
        print(f"*heads*: {in_words(heads)}.\n\n| changed | jobs that run |\n|---|---|")
        for name, jobs in rows(copied):
            whole = jobs >= heads
            told = [in_words(jobs - heads if whole else jobs), *["heads"] * whole]
            print(f"| {name} | {', '.join(filter(None, told)) or 'none'} |", flush=True)


if __name__ == "__main__":
    main()

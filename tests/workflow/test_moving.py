"""Results are moved and merged: whatever is in its place runs no more."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from workplace import ROOT, Workplace

from headatlas.merging import merge


def new_workplace(fresh: Workplace, folder: Path) -> Workplace:
    """Another clone, with copies of the models and the corpus that are newer than any result."""
    for name in ("workflow", "scripts", "envs"):
        ignored = shutil.ignore_patterns("demo-model", "__pycache__")
        shutil.copytree(ROOT / name, folder / "clone" / name, ignore=ignored)
    shutil.copy(ROOT / "Snakefile", folder / "clone")
    for name in ("tiny", "second", "words"):
        subprocess.run(["cp", "-r", fresh.folder / name, folder], check=True)
    return Workplace(folder, folder / "clone/Snakefile")


@pytest.mark.parametrize("metadata", [True, False])
def test_moved_results_are_found(
    fresh: Workplace, finished: Workplace, tmp_path: Path, metadata: bool
) -> None:
    workplace = new_workplace(fresh, tmp_path)
    subprocess.run(["cp", "-a", finished.folder / "results", tmp_path], check=True)
    for name in ("logs", "benchmarks"):
        shutil.rmtree(tmp_path / "results" / name)
    if metadata:
        subprocess.run(["cp", "-a", finished.folder / ".snakemake", tmp_path], check=True)
    assert workplace.jobs() == Counter()


def test_sweeps_of_two_machines_become_one(
    fresh: Workplace, finished: Workplace, swept: Workplace, tmp_path: Path
) -> None:
    """The first has run tiny with minilm, the other tiny and second with coarse."""
    subprocess.run(["cp", "-a", finished.folder, tmp_path / "first"], check=True)
    first = Workplace(tmp_path / "first")
    other = new_workplace(fresh, tmp_path)
    for name in ("results", ".snakemake"):  # what comes before the families is the same
        subprocess.run(["cp", "-a", swept.folder / name, tmp_path], check=True)
    for folder in [*tmp_path.glob("results/**/minilm"), tmp_path / "results/comparison"]:
        shutil.rmtree(folder)
    both = other.changed("clusterings", "coarse", to={"min_cluster_size": 3})
    both["sweep"] |= {"models": ["tiny", "second"], "clusterings": ["coarse"]}
    other.run(configuration=both)

    merge(other.folder, first.folder)
    merge(finished.folder, other.folder)
    assert (first.folder / "results/second/words/symbolic/atlas/coarse/run.json").is_file()
    for workplace in (first, other):
        for models, clusterings in (
            (["tiny"], ["minilm", "coarse"]),
            (["tiny", "second"], ["coarse"]),
        ):
            both["sweep"] |= {"models": models, "clusterings": clusterings}
            jobs = workplace.jobs(configuration=both)
            assert jobs.keys() <= {"match_heads", "compare_runs", "compare_costs"}, (models, jobs)

"""A copy of the repository, as a user of the cluster has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import psutil
import yaml
from cluster import Cluster
from workplace import ROOT, SCRIPT, contents, make_corpus, make_model, small_configuration


class Clone:
    """A copy of the repository in which Snakemake runs on a cluster."""

    def __init__(self, folder: Path, cluster: Cluster):
        self.folder, self.cluster = folder, cluster
        self.output = folder / "said.txt"

    @classmethod
    def make(cls, folder: Path, cluster: Cluster) -> Self:
        """What git tracks, a tiny model and corpus, and a profile that looks at jobs often."""
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
        for name in filter(None, files):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
        make_model(folder / "tiny", seed=0, layers=2, heads=3, values=3, learnt=SCRIPT)
        make_corpus(folder / "words")
        configuration = small_configuration()
        del configuration["models"]["second"]
        configuration["execution"]["shards"] = 3
        (folder / "config.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))
        clone = cls(folder, cluster)
        clone.edit_profile({"slurm-init-seconds-before-status-checks": 2})
        return clone

    def edit_profile(self, changes: dict[str, Any], rule: str | None = None) -> None:
        """Change settings of the profile, or resources of a rule there."""
        file = self.folder / "profiles/slurm/config.yaml"
        settings = yaml.safe_load(file.read_text())
        (settings["set-resources"][rule] if rule else settings).update(changes)
        file.write_text(yaml.safe_dump(settings, sort_keys=False))

    def copy(self, folder: Path) -> Self:
        """The same again, with its results."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return type(self)(folder, self.cluster)

    def start(self, *arguments: str, profile: str = "slurm") -> subprocess.Popen[bytes]:
        """Start Snakemake in the copy; what it says goes to `output`."""
        # Where tests run in the background of a shell, SIGINT is ignored, by their children too.
        default = ["env", "--default-signal=INT"]
        command = [*default, "snakemake", "--profile", profile, *arguments]
        path = os.pathsep.join([str(Path(sys.executable).parent), self.cluster.environment["PATH"]])
        with self.output.open("w") as output:
            return subprocess.Popen(
                self.cluster.inside(*command, folder=self.folder),
                env=self.cluster.environment
                | {"PATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
                stdout=output,
                stderr=output,
            )

    def finish(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for the good end of a Snakemake. Returns what it said."""
        code = process.wait(timeout=1800)  # minutes, even on a machine with other work
        assert code == 0, self.said[-6000:]
        return self.said

    def run(self, *arguments: str, profile: str = "slurm") -> str:
        """Run Snakemake to a good end. Returns what it said."""
        return self.finish(self.start(*arguments, profile=profile))

    @property
    def said(self) -> str:
        """What the last Snakemake has said up to now."""
        return self.output.read_text()

    def processes(self, script: str) -> list[psutil.Process]:
        """The processes that run a script for this copy, on whatever node."""
        found = []
        for process in psutil.process_iter(["cwd", "cmdline"]):
            command = process.info["cmdline"] or []
            if process.info["cwd"] == str(self.folder) and any(
                word.endswith(f"scripts/{script}.py") for word in command
            ):
                found.append(process)
        return found

    def wait_for(self, script: str) -> None:
        """Return when a job runs this script."""
        self.cluster.wait(lambda: self.processes(script), f"run of {script}", seconds=300)

    def remove(self, *names: str) -> list[str]:
        """Remove results of tiny/words that the next run makes anew. Returns their paths."""
        paths = [f"results/tiny/words/{name}" for name in names]
        for path in paths:
            file = self.folder / path
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        return paths

    @property
    def results(self) -> dict[str, bytes]:
        """Every result by name, logs and benchmarks aside."""
        return contents(self.folder)

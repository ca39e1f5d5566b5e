"""Jobs that a cluster ends before their time: the same run makes them again, and says why."""

import os
import signal
from pathlib import Path

import pytest
from clone import Clone

SHARDS = [f"activations/shard{number}" for number in range(3)]


def processes_of(clone: Clone, *words: str) -> list[int]:
    """The processes in a clone's folder with all of these words in their command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode().split("\0")
            if (process / "cwd").readlink() == clone.folder and set(words) <= set(command):
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


@pytest.fixture(scope="module")
def struck(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A run of three jobs: shard 0 has too little memory, 1 is cancelled, 2 hangs.

    At the second attempt each has what it needs; the retries are those of the profile.
    """
    clone = finished.copy(tmp_path_factory.mktemp("struck") / "clone")
    process = clone.start(
        *clone.remove(*SHARDS),
        "--set-resources",
        "cache_activations:mem_mb=300 if wildcards.shard == '0' and attempt == 1 else 4000",
        "cache_activations:runtime=1 if wildcards.shard == '2' and attempt == 1 else 30",
    )
    hung = ("--shard", "2", "--shards")
    clone.cluster.wait(lambda: processes_of(clone, *hung), "process to hang", seconds=300)
    for number in processes_of(clone, *hung):
        os.kill(number, signal.SIGSTOP)
    clone.cluster.scancel(clone.wait_for_job("cache_activations_wildcards_tiny_words_1")["id"])
    clone.finish(process)
    return clone


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "TIMEOUT"])
def test_the_run_says_what_slurm_did_to_a_job(struck: Clone, state: str) -> None:
    """Over its memory (Slurm without cgroups has no better word), cancelled, over its time."""
    assert struck.said.count(f"SLURM status is: '{state}'") == 1


def test_each_job_is_made_again_and_comes_out_as_it_would_have(
    struck: Clone, finished: Clone
) -> None:
    assert struck.said.count("Trying to restart job") == 3
    assert struck.results == finished.results


def test_heads_that_were_done_survive_the_node_that_did_them(
    finished: Clone, tmp_path: Path
) -> None:
    clone, cluster = finished.copy(tmp_path / "clone"), finished.cluster
    heads = [f"symbolic/round0/explanations/L00H{head:02d}.json" for head in range(3)]
    paths = [clone.folder / path for path in clone.remove(*heads)]
    process = clone.start(*map(str, paths))
    cluster.wait(lambda: any(path.exists() for path in paths), "head", seconds=300)
    done = {path: path.stat().st_mtime_ns for path in paths if path.exists()}
    node = cluster.squeue()[0]["node"]
    cluster.stop_node(node)
    try:
        clone.finish(process)
    finally:
        cluster.start_node(node)
    assert "due to a node failure" in clone.said
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert clone.results == finished.results
    cluster.wait(lambda: cluster.node_states()[node] == "idle", f"idle {node}")

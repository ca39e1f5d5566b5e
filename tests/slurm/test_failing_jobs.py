"""Jobs that a cluster ends before their time: the same run makes them again, and says why."""

from pathlib import Path

import pytest
from clone import Clone

SHARDS = [f"activations/shard{number}" for number in range(3)]


def hang(clone: Clone, shards: list[str]) -> None:
    """Make the jobs of these shards hang as soon as they run."""
    waiting = set(shards)

    def all_hang() -> bool:
        for process in clone.processes("cache_activations"):
            if waiting & set(process.info["cmdline"]):
                process.suspend()
                waiting.difference_update(process.info["cmdline"])
        return not waiting

    clone.cluster.wait(all_hang, f"jobs of {waiting}", seconds=300)


@pytest.fixture(scope="module")
def struck(finished: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A run of three jobs: shard 0 has too little memory, 1 is cancelled, 2 hangs.

    At the second attempt each has what it needs; the retries are those of the profile.
    """
    clone = finished.copy(tmp_path_factory.mktemp("struck") / "clone")
    first = "if attempt == 1 and wildcards.shard =="
    changes = {"mem_mb": f"300 {first} '0' else 4000", "runtime": f"1 {first} '2' else 30"}
    clone.edit_profile(changes, rule="cache_activations")
    targets = clone.remove(*SHARDS)
    process = clone.start(*targets)
    hang(clone, targets[1:])
    jobs = {job["comment"]: job["id"] for job in clone.cluster.squeue()}
    clone.cluster.scancel(jobs["rule_cache_activations_wildcards_tiny_words_1"])
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


def test_the_work_of_a_node_that_fails_is_done_by_another(finished: Clone, tmp_path: Path) -> None:
    """The node has a batch of heads in work, the first of which is done."""
    clone, cluster = finished.copy(tmp_path / "clone"), finished.cluster
    heads = [f"symbolic/round0/explanations/L00H{head:02d}.json" for head in range(3)]
    targets = clone.remove(*heads)
    process = clone.start(*targets)
    exists = [(clone.folder / target).exists for target in targets]
    cluster.wait(lambda: any(check() for check in exists), "head", seconds=300)
    node = cluster.squeue()[0]["node"]
    cluster.stop_node(node)
    try:
        clone.finish(process)
    finally:
        cluster.start_node(node)
    assert "Error in group explain-" in clone.said
    assert f"excluded from subsequent submissions: {node}" in clone.said
    assert clone.results == finished.results
    cluster.wait(lambda: cluster.node_states()[node] == "idle", f"idle {node}")

"""What happens when Snakemake on the login node, or Slurm's controller, is stopped."""

import signal
from pathlib import Path

import pytest
from clone import Clone

EVENTS = ["events/layer00.parquet", "stats/layer00.parquet"]
TWO_JOBS = [*EVENTS, "events/layer01.parquet", "stats/layer01.parquet"]


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    return finished.copy(tmp_path / "clone")


def test_jobs_outlive_a_restart_of_the_controller(clone: Clone, finished: Clone) -> None:
    process = clone.start(*clone.remove(*EVENTS))
    clone.wait_for("select_events")
    clone.cluster.restart_controller(seconds=3)
    clone.finish(process)
    assert "failed" not in clone.said
    assert clone.results == finished.results


def test_interrupted_it_cancels_its_jobs(clone: Clone, finished: Clone) -> None:
    """Ctrl-C."""
    targets = clone.remove(*EVENTS)
    process = clone.start(*targets)
    clone.wait_for("select_events")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) != 0
    assert "Terminating processes on user request" in clone.said
    clone.cluster.wait(lambda: not clone.cluster.squeue(), "empty queue")
    clone.run(*targets)
    assert clone.results == finished.results


def test_terminated_it_waits_for_its_jobs(clone: Clone, finished: Clone) -> None:
    """What `kill` and a login node that shuts down send: no new job, and nothing is lost."""
    targets = clone.remove(*TWO_JOBS)
    process = clone.start(*targets, "--jobs", "1")
    clone.wait_for("select_events")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=300) != 0
    assert "Will exit after finishing currently running jobs" in clone.said
    made = [target for target in targets if (clone.folder / target).exists()]
    assert len(made) == 2
    clone.run(*targets)
    assert clone.results == finished.results


def test_killed_it_leaves_its_jobs_and_a_lock(clone: Clone, finished: Clone) -> None:
    """SIGKILL: the job that runs goes on, and what it makes counts."""
    targets = clone.remove(*TWO_JOBS)
    process = clone.start(*targets, "--jobs", "1")
    clone.wait_for("select_events")
    process.kill()
    process.wait()
    assert clone.cluster.squeue(), "the job has gone with its Snakemake"
    assert clone.start(*targets).wait(timeout=120) != 0
    assert "Directory cannot be locked" in clone.said and "--unlock" in clone.said
    clone.cluster.wait(lambda: not clone.cluster.squeue(), "empty queue", seconds=120)
    clone.run("--unlock")
    assert "1 of 1 steps (100%) done" in clone.run(*targets)
    assert clone.results == finished.results

"""`snakemake --profile slurm`: the atlas of a single machine, made by the right jobs."""

import re
from pathlib import Path

from clone import Clone

GPU_RULES = {
    "ablate_families",
    "ablate_heads",
    "attribute_heads",
    "cache_activations",
    "measure_direct",
    "measure_repeats",
    "run_probes",
    "substitute_heads",
}
BATCHES = {
    f"{rules}-{layer}"
    for rules in ("explain", "score")
    for layer in ("tiny-words-symbolic-0-00", "tiny-words-symbolic-0-01")
} | {f"{rules}-tiny+random-words-symbolic-0-00" for rules in ("explain", "score")}


def jobs_of(clone: Clone) -> list[dict[str, str]]:
    """What Slurm's accounting has on the jobs of the clone's last run."""
    run = re.search(r"SLURM run ID: (\S+)", clone.said)
    assert run is not None, clone.said
    fields = ("JobID", "State", "Partition", "AllocTRES", "Comment")
    return clone.cluster.sacct("--name", run[1], fields=fields)


def test_it_makes_the_same_files_as_one_machine(finished: Clone, local: Clone) -> None:
    mine, theirs = finished.results, local.results
    assert "tiny/words/symbolic/atlas/minilm/index.html" in mine
    assert mine.keys() == theirs.keys()
    assert [name for name in theirs if mine[name] != theirs[name]] == []


def test_what_runs_the_model_gets_a_gpu_and_nothing_else_does(finished: Clone) -> None:
    on_gpu = set()
    for job in jobs_of(finished):
        assert job["State"] == "COMPLETED", job
        gpus = re.findall(r"gres/gpu=(\d+)", job["AllocTRES"])
        assert (job["Partition"], gpus) in [("gpu", ["1"]), ("cpu", [])], job
        if gpus:
            on_gpu.add(re.sub("rule_|_wildcards.*", "", job["Comment"]))
    assert on_gpu == GPU_RULES


def test_the_work_on_heads_is_done_in_few_jobs(finished: Clone) -> None:
    """A job costs seconds before it starts; the work for a head costs one."""
    comments = [job["Comment"] for job in jobs_of(finished)]
    assert not any(re.match("rule_(explain|judge|score)_head", comment) for comment in comments)
    batches = [comment for comment in comments if "_wildcards_" not in comment]
    assert sorted(batch.split("_")[1] for batch in batches) == sorted(BATCHES)


def test_a_second_run_has_nothing_to_do(finished: Clone, tmp_path: Path) -> None:
    clone = finished.copy(tmp_path / "clone")
    assert "Nothing to be done" in clone.run()


def test_a_head_alone_is_one_job(finished: Clone, tmp_path: Path) -> None:
    clone = finished.copy(tmp_path / "clone")
    clone.run(*clone.remove("symbolic/round0/explanations/L01H02.json"))
    assert len(jobs_of(clone)) == 1
    assert clone.results == finished.results

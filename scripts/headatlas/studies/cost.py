"""What the variants of a study cost: replies of language models, and time of their own jobs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from ..comparison.cost import Job, read_jobs
from ..reporting.usage import total, usage_rows
from .arms import Arm, Found
from .tables import Row

# The jobs in which variants of an explainer differ; what comes before is shared.
OWN = (
    "propose_head",
    "explain_head",
    "predict_head",
    "judge_head",
    "run_probes",
    "choose_controls",
    "score_head",
)


def cost_rows(
    arms: Sequence[Arm],
    found: Mapping[str, Found],
    heads: Mapping[str, Sequence[str]],
    benchmarks: Path,
) -> Iterable[Row]:
    """Rows of `records.studies.STUDY_COSTS`; `heads` are those of each model, as LxxHyy.

    Replies that came from the cache cost what they did when they were first given.
    """
    models = {arm.model for arm in arms}
    jobs = {model: [*read_jobs(benchmarks, {model}, studied=True)] for model in models}
    for arm in arms:
        explanations = found[arm.label].explanations
        own = [job for job in jobs[arm.model] if _is_of(job, arm)]
        cpu = [job.cpu_seconds for job in own if job.cpu_seconds is not None]
        yield {
            **arm.names,
            "heads": len(explanations),
            "failed": sum(e.status == "failed" for e in explanations.values()),
            **_asked(arm, heads[arm.model]),
            "seconds": round(sum(job.seconds for job in own), 2) if own else None,
            "cpu_seconds": round(sum(cpu), 2) if cpu else None,
        }


def _is_of(job: Job, arm: Arm) -> bool:
    return job[:3] == arm.explained_by and job.rule in OWN


def _asked(arm: Arm, heads: Collection[str]) -> Row:
    spent = total(usage_rows(arm.rounds, [*heads], judged=arm.judged))
    names = ("calls", "input_tokens", "output_tokens")
    if spent is None:
        return dict.fromkeys(names, 0) | {"dollars": None}
    return {name: getattr(spent, name) for name in (*names, "dollars")}

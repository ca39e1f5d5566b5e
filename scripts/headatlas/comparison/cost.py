"""What runs cost: wall time and memory of their jobs, as Snakemake measured them.

Measurements differ from run to run and from machine to machine, so they are kept apart
from everything else that the comparison writes.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..llm.usage import no_usage
from ..records.base import RANDOM
from ..records.cost import COST
from ..reporting.environment import environment
from ..reporting.usage import read_usage, total
from ..storage import write_csv, write_text
from .sweep import Row

# The rule of a job by the name of its measurement, or of a folder that it lies in.
RULES = {
    "model": "inspect_model",
    "repeats": "measure_repeats",
    "weights": "read_weights",
    "direct": "measure_direct",
    "write_claims": "claim_writes",
    "windows": "sample_windows",
    "activations": "cache_activations",
    "events": "select_events",
    "items": "draw_items",
    "features": "measure_features",
    "proposals": "propose_head",
    "explanations": "explain_head",
    "predictions": "predict_head",
    "judgements": "judge_head",
    "probes": "run_probes",
    "controls": "choose_controls",
    "scores": "score_head",
    "substitution": "substitute_heads",
    "attribution": "attribute_heads",
    "ablations": "ablate_heads",
    "effects": "summarise_effects",
    "known_roles": "grade_roles",
    "figures": "evaluate_ratings",
    "transfers": "transfer_explanations",
    "clusters": "cluster_heads",
    "family_effects": "ablate_families",
    "index": "build_atlas",
    "matches": "match_heads",
    "runs": "compare_runs",
}
ORDER = [*RULES.values()]


Key = tuple[str, str, str, str]  # model, corpus, explainer and rule


class Job(NamedTuple):
    """One measured job."""

    model: str
    corpus: str
    explainer: str
    rule: str
    seconds: float
    cpu_seconds: float | None
    memory: float | None


def read_jobs(folder: Path, models: Collection[str], *, studied: bool = False) -> Iterator[Job]:
    """The jobs of some models, of their twins with random weights and of what lies between
    models, from Snakemake's benchmarks.

    The files are named as the results are: MODEL/CORPUS/EXPLAINER/... Jobs of what studies vary,
    whose names have a ~ in them, are left out unless they are `studied`. Raises InputError for a
    file that is no benchmark.
    """
    for path in sorted(folder.rglob("*.tsv")):
        names = path.relative_to(folder).with_suffix("").parts
        if not studied and any("~" in name for name in names):
            continue
        if names[0] == "comparison" or names[0].removesuffix(RANDOM) in models:
            yield _job(path, names)


def _job(path: Path, names: tuple[str, ...]) -> Job:
    rule = next((RULES[name] for name in reversed(names) if name in RULES), names[-1])
    about = names[:-1] if names[0] != "comparison" else ()
    model, corpus, explainer = (*about[:3], "", "", "")[:3]
    with path.open(newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"), None)
    if row is None or "s" not in row:
        raise InputError(f"{path}: is not a benchmark of Snakemake")
    if explainer in RULES:
        explainer = ""
    seconds = _number(row["s"]) or 0.0
    return Job(
        *(model, corpus, explainer, rule, seconds),
        _number(row.get("cpu_time")),
        _number(row.get("max_rss")),
    )


def _number(text: str | None) -> float | None:
    """A measurement; a job may end before its memory is looked at, which is NA or -."""
    try:
        return float(text or "")
    except ValueError:
        return None


def cost_rows(
    jobs: Sequence[Job], heads: Mapping[str, int], asked: Sequence[Row] = ()
) -> list[Row]:
    """Rows of `cost.csv`: by model, corpus, explainer and rule, in the order of the work.

    `heads` has the heads of each model that are run, `asked` rows of `records.spending.USAGE`.
    """
    groups: dict[Key, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job[:4], []).append(job)
    replies: dict[Key, list[Row]] = {}
    for row in asked:
        key = row["model"], row["corpus"], row["explainer"], f"{row['step']}_head"
        replies.setdefault(key, []).append(row)
        groups.setdefault(key, [])
    rank = {rule: n for n, rule in enumerate(ORDER)}
    ordered = sorted(groups, key=lambda key: (*key[:3], rank.get(key[3], len(rank)), key[3]))
    rows = []
    for key in ordered:
        group = groups[key]
        seconds = sum(job.seconds for job in group)
        cpu = [job.cpu_seconds for job in group if job.cpu_seconds is not None]
        memory = [job.memory for job in group if job.memory is not None]
        rows.append(
            {
                **dict(zip(("model", "corpus", "explainer", "rule"), key, strict=True)),
                "jobs": len(group),
                "seconds": round(seconds, 2),
                "longest": max((job.seconds for job in group), default=0.0),
                "cpu_seconds": round(sum(cpu), 2) if cpu else None,
                "memory": max(memory) if memory else None,
                "seconds_per_head": round(seconds / heads[key[0]], 3) if key[0] in heads else None,
                **_asked(replies.get(key, []), heads.get(key[0])),
            }
        )
    return rows


def _asked(rows: Sequence[Row], heads: int | None) -> Row:
    """What language models cost, all of these rows together."""
    sums = (total(rows) or no_usage(priced=False)).model_dump()
    found = {name: sums[name] for name in ("calls", "input_tokens", "output_tokens", "dollars")}
    known = heads is not None and found["dollars"] is not None
    return found | {"dollars_per_head": round(found["dollars"] / heads, 9) if known else None}


def read_heads(runs: Path) -> dict[str, int]:
    """Heads of each model that are run, from `runs.csv`."""
    with runs.open(newline="") as file:
        return {row["model"]: int(row["heads"]) for row in csv.DictReader(file)}


def model_rows(rows: Sequence[Row], heads: Mapping[str, int]) -> list[Row]:
    """What each model cost: all its jobs together, and by head; nothing if none was measured."""
    found = []
    for model, count in heads.items():
        own = [row for row in rows if row["model"] == model]
        seconds = sum(row["seconds"] for row in own) if own else None
        memory = [row["memory"] for row in own if row["memory"] is not None]
        dollars = [row["dollars"] for row in own if row["calls"]]
        price = sum(dollars) if dollars and None not in dollars else None
        found.append(
            {
                "model": model,
                "heads": count,
                "jobs": sum(row["jobs"] for row in own),
                "seconds": seconds,
                "seconds_per_head": None if seconds is None else seconds / count,
                "memory": max(memory, default=None),
                "calls": sum(row["calls"] for row in own),
                "dollars": price,
                "dollars_per_head": None if price is None else price / count,
            }
        )
    return found


def write_cost(
    jobs: Iterable[Job],
    heads: Mapping[str, int],
    usage: Iterable[Path],
    table: Path,
    page: Path,
    *,
    title: str,
    templates: Path,
) -> None:
    """Write the table of costs and its page; `usage` are tables of what models were asked."""
    rows = cost_rows([*jobs], heads, [row for path in usage for row in read_usage(path)])
    write_csv(table, rows, COST)
    template = environment(templates).get_template("cost.html")
    write_text(page, template.render(title=title, rows=rows, models=model_rows(rows, heads)))

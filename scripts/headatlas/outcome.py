"""What failed in a run, told in a few sentences."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import InputError
from .printable import SAID, printable

MOST = 3  # reasons that are told; records and logs have all
LONGEST = 300  # characters of a reason
_FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
_FAILED_JOB = re.compile(r"Error in rule (\w+):\n(?:.*\n)*?\s+log: (.+?)(?:, .*)? \(check log file")


class NothingExplainedError(InputError):
    """A run that failed for every head: an atlas of it would look like a result."""


def told(reasons: Sequence[str]) -> str:
    """The reasons, the commonest first, with how many have it where there are several.

    Reasons that differ in figures alone, such as the lengths of prompts, or in what is quoted of a
    reply, are one reason.
    """
    alike: dict[str, list[str]] = {}
    for reason in reasons:
        what = _FIGURES.sub("#", reason.partition(SAID)[0])
        alike.setdefault(what, []).append(_short(reason))
    kinds = sorted(alike.values(), key=len, reverse=True)
    if len(kinds) == 1:
        return kinds[0][0]
    shown = [f"{len(kind):,} × {kind[0]}" for kind in kinds[:MOST]]
    others = sum(map(len, kinds[MOST:]))
    return "; ".join([*shown, *([f"{others:,} × for other reasons"] if others else [])])


def of_heads(failed: Sequence[str], heads: int) -> str:
    """How many of a run's heads failed and why, in a sentence."""
    return f"{len(failed):,} of {heads:,} heads failed: {told(failed)}"


def check(failed: Sequence[str], unjudged: Sequence[str], heads: int) -> None:
    """Raise NothingExplainedError if every head failed, or has an explanation nobody judged.

    `failed` and `unjudged` are the reasons of these heads.
    """
    if not heads or len(failed) + len(unjudged) < heads:
        return
    what = [of_heads(failed, heads)] if failed else []
    if unjudged:
        what.append(f"{len(unjudged):,} of {heads:,} explanations not judged: {told(unjudged)}")
    rules = "explain_head_llm (explain_head for programs)" if failed else "judge_head_llm"
    raise NothingExplainedError(
        f"{'; '.join(what)}. No atlas is made of that, unless report.all_failed is true. To try"
        f" again once the reason is mended: --forcerun {rules}"
    )


def failed_heads(explanations: Path) -> tuple[list[str], int]:
    """Why heads failed, by the `explanations.jsonl` of an atlas, and how many heads there are."""
    records = [json.loads(line) for line in explanations.read_bytes().splitlines()]
    return [str(r["reason"]) for r in records if r["status"] == "failed"], len(records)


def failed_jobs(log: Path) -> Iterator[str]:
    """For every rule that failed, a sentence from the log of Snakemake and those of its jobs."""
    found: dict[str, list[str]] = {}
    for rule, path in dict.fromkeys(_FAILED_JOB.findall(log.read_text(errors="replace"))):
        found.setdefault(rule, []).append(_last_words(Path(path)))
    for rule, reasons in found.items():
        jobs = "1 job" if len(reasons) == 1 else f"{len(reasons):,} jobs"
        yield f"{rule}, {jobs} failed: {told(reasons)}"


def _last_words(log: Path) -> str:
    """The error in the log of a job, or its last line."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or [line for line in lines if line.strip()] or ["its log says nothing"])[-1]


def _short(reason: str) -> str:
    text = " ".join(printable(reason).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

"""What came of what a language model proposed to the search for programs, over a run's heads."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headatlas import outcome

from .heads import Head


class Proposed(NamedTuple):
    """How much was proposed, how much of it was kept and why the rest was not.

    `helped` heads have a program with some of it. `refused` counts reasons, the commonest first.
    `silent` and `partly` tell for how many heads no reply, or not every one, held proposals, and
    why; they are empty where there are none.
    """

    proposals: int
    kept: int
    helped: int
    refused: list[tuple[str, int]]
    silent: str
    partly: str


def proposed(heads: Sequence[Head]) -> Proposed:
    """Of the heads of a run to whose search a language model proposed."""
    candidates = [[c for c in head.explanation.candidates if c.summary] for head in heads]
    kept = [sum(c.score is not None for c in own) for own in candidates]
    reasons = [c.reason for own in candidates for c in own if c.reason]
    told = [any(own) for own in candidates]
    return Proposed(
        sum(map(len, candidates)),
        sum(kept),
        sum(number > 0 for number in kept),
        Counter(reason.partition(":")[0] for reason in reasons).most_common(),
        _why(head for head, some in zip(heads, told, strict=True) if not some),
        _why(head for head, some in zip(heads, told, strict=True) if some),
    )


def _why(heads: Iterable[Head]) -> str:
    """How many of the heads have replies without proposals, and why."""
    reasons = [
        "; ".join(found)
        for head in heads
        if (found := [str(c.reason) for c in head.explanation.candidates if not c.summary])
    ]
    if not reasons:
        return ""
    return f"{len(reasons):,} {'head' if len(reasons) == 1 else 'heads'}: {outcome.told(reasons)}"

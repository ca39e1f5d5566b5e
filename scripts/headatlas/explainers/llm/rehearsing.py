"""What a judge would be asked about an explanation, and what each kind of question would cost."""

import functools
from argparse import Namespace
from collections.abc import Mapping, Sequence

from ...llm.rehearsal import Rehearsal, estimate_row
from ...llm.usage import add, since
from ...records.explanation import Explanation
from ...records.usage import Usage
from .rounds import judging

FURTHER = ("fuzzing", "simulation")  # what may be asked beside


async def rehearse_judging(
    args: Namespace,
    explanation: Explanation,
    controls: Sequence[Explanation],
    judge: Rehearsal,
    costs: dict[str, Usage],
) -> None:
    """Ask what `args` say; to `costs` is added what each of FURTHER costs."""
    asked = dict.fromkeys(FURTHER, False)
    await judging(Namespace(**vars(args) | asked), explanation, controls, judge)
    for name in (name for name in FURTHER if getattr(args, name)):
        before = judge.usage
        asked[name] = True
        await judging(Namespace(**vars(args) | asked), explanation, controls, judge)
        cost = since(judge.usage, before)
        costs[name] = add(costs[name], cost) if name in costs else cost


def judging_rows(
    about: Mapping[str, object],
    endpoint: str,
    heads: tuple[int, int],
    judge: Rehearsal,
    costs: Mapping[str, Usage],
) -> list[dict[str, object]]:
    """Rows of `records.spending.ESTIMATE`: what explanations are chosen by, and the rest."""
    chosen = functools.reduce(since, costs.values(), judge.usage)
    return [
        estimate_row(about, task, endpoint, heads, usage)
        for task, usage in {"judge": chosen, **costs}.items()
    ]

"""Rehearse what a language model would be asked about all heads, and add up what it would cost.

The prompts are the real ones, of this run's exemplars; replies are stand-ins of usual length,
every second answer of the judge is wrong, and a token is taken for 4 bytes. What a symbolic
explainer found is not among the evidence, since it is not there yet.
"""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from headatlas.controls import Head, controls_of
from headatlas.errors import reported
from headatlas.explainers.llm.arguments import (
    add_explainer,
    add_further,
    add_heads,
    add_judge,
    of_head,
)
from headatlas.explainers.llm.prompts import worked_examples
from headatlas.explainers.llm.rehearsing import judging_rows, rehearse_judging
from headatlas.explainers.llm.reply import ExplanationReply
from headatlas.explainers.llm.rounds import explaining
from headatlas.llm.client import Message
from headatlas.llm.rehearsal import Rehearsal, estimate_row, yes
from headatlas.names import parse_head
from headatlas.progress import Progress
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.records.spending import ESTIMATE
from headatlas.records.usage import Usage
from headatlas.storage import write_csv


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_heads(parser)
    parser.add_argument(
        "--random-heads", type=int, default=0, help="heads with random weights, taken to cost alike"
    )
    add_explainer(parser)
    add_judge(parser, "judge-")
    add_further(parser)
    parser.add_argument("--out", type=Path, required=True, help="estimate to write (CSV)")
    return parser.parse_args()


def stand_ins(args: argparse.Namespace) -> tuple[Rehearsal, Rehearsal]:
    """An explainer that always finds something else, and a judge that always says yes."""

    def explained(call: int, _: Sequence[Message], kind: type[BaseModel] | None) -> str:
        assert kind is not None and issubclass(kind, ExplanationReply)
        reply = worked_examples()[0].reply
        texts = [f"{reply.positive_texts[0]} ({call}, {n})" for n in range(2 * args.texts)]
        said = {"positive_texts": texts[: args.texts], "negative_texts": texts[args.texts :]}
        summary = f"{reply.summary} This is number {call}."
        reply = reply.model_copy(update=said | {"summary": summary})
        return reply.as_kind(kind).model_dump_json()

    judged = yes(args.items_per_call)
    roles = (("endpoint", "sampling", explained), ("judge_endpoint", "judge_sampling", judged))
    explainer, judge = (
        Rehearsal(getattr(args, sampling), args.connections[getattr(args, endpoint)], stand_in)
        for endpoint, sampling, stand_in in roles
    )
    return explainer, judge


async def rehearse(
    args: argparse.Namespace,
    at: Head,
    explainer: Rehearsal,
    judge: Rehearsal,
    further: dict[str, Usage],
) -> None:
    """All rounds of one head, and the judgement of the last."""
    explanation = await explaining(of_head(args, at, 0), None, explainer, judge)
    for number in range(1, args.rounds + 1):
        explanation = await explaining(of_head(args, at, number), explanation, explainer, judge)
    controls = list(stand_in_controls(args, explanation))
    own = of_head(args, at, args.rounds)
    await rehearse_judging(own, explanation, controls, judge, further)


def stand_in_controls(args: argparse.Namespace, explanation: Explanation) -> Iterator[Explanation]:
    """Explanations in the place of those of the head's controls."""
    heads = [parse_head(name) for name in args.heads]
    for layer, head in controls_of(heads, (explanation.layer, explanation.head), args.controls):
        summary = f"{explanation.summary} This is control {head_name(layer, head)}."
        yield explanation.model_copy(update={"layer": layer, "head": head, "summary": summary})


@reported
def main() -> None:
    args = parse_arguments()
    explainer, judge = stand_ins(args)
    further: dict[str, Usage] = {}
    progress = Progress()
    for done, at in enumerate(map(parse_head, args.heads), 1):
        asyncio.run(rehearse(args, at, explainer, judge, further))
        progress(f"{done} of {len(args.heads)} heads")
    about = {name: getattr(args, name) for name in ("model", "corpus", "explainer")}
    heads = len(args.heads), args.random_heads
    rows = [
        estimate_row(about, "explain", args.endpoint, heads, explainer.usage),
        *judging_rows(about, args.judge_endpoint, heads, judge, further),
    ]
    write_csv(args.out, rows, ESTIMATE)


if __name__ == "__main__":
    main()

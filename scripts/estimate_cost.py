"""Rehearse what a language model would be asked about all heads, and add up what it would cost.

The prompts are the real ones, of this run's exemplars; replies are stand-ins of usual length,
every second answer of the judge is wrong, and a token is taken for 4 bytes. What a symbolic
explainer found is not among the evidence, since it is not there yet.
"""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from headatlas.errors import reported
from headatlas.explainers.llm.arguments import add_explainer, add_judge, evidence_of, settings_of
from headatlas.explainers.llm.exemplars import read_seen
from headatlas.explainers.llm.explain import explain
from headatlas.explainers.llm.judge import judge, reading_of
from headatlas.explainers.llm.prompts import worked_examples
from headatlas.explainers.llm.refine import revise
from headatlas.llm.rehearsal import Rehearsal
from headatlas.names import parse_head
from headatlas.progress import Progress
from headatlas.records import ESTIMATE, EVENTS, Explanation, HeadRecord, Split
from headatlas.storage import read_head, write_csv


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events-folder", type=Path, required=True, help="tables of events")
    parser.add_argument("--stats-folder", type=Path, required=True, help="tables of head metrics")
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument(
        "--random-heads", type=int, default=0, help="heads with random weights, taken to cost alike"
    )
    parser.add_argument("--rounds", type=int, default=0, help="rounds of revision")
    parser.add_argument("--controls", type=int, default=0, help="other heads' explanations judged")
    parser.add_argument("--seed", type=int, default=0, help="seed of every random choice")
    add_explainer(parser)
    add_judge(parser, "judge-")
    parser.add_argument("--out", type=Path, required=True, help="estimate to write (CSV)")
    return parser.parse_args()


def stand_ins(args: argparse.Namespace) -> tuple[Rehearsal, Rehearsal]:
    """An explainer that always finds something else, and a judge that always says yes."""

    def explained(call: int, _: bool) -> str:
        reply = worked_examples()[0].reply
        texts = [f"{reply.positive_texts[0]} ({call}, {n})" for n in range(2 * args.texts)]
        said = {"positive_texts": texts[: args.texts], "negative_texts": texts[args.texts :]}
        summary = f"{reply.summary} This is number {call}."
        return reply.model_copy(update=said | {"summary": summary}).model_dump_json()

    def judged(call: int, _: bool) -> str:
        numbered = [f"{n + 1}: yes" for n in range(args.items_per_call)]
        return "\n".join(numbered) if args.items_per_call > 1 else "yes"

    roles = (("endpoint", "sampling", explained), ("judge_endpoint", "judge_sampling", judged))
    explainer, judge = (
        Rehearsal(getattr(args, sampling), args.connections[getattr(args, endpoint)], stand_in)
        for endpoint, sampling, stand_in in roles
    )
    return explainer, judge


async def rehearse(
    about: HeadRecord, args: argparse.Namespace, explainer: Rehearsal, judging: Rehearsal
) -> None:
    """All rounds of one head, and the judgement of the last."""
    args.layer, args.head, args.round = about.layer, about.head, about.round
    name = f"layer{about.layer:02d}.parquet"
    args.stats, args.hypothesis = args.stats_folder / name, None
    seen, evidence = read_seen(args.events_folder / name, about.head), evidence_of(args)
    settings, clients = settings_of(args), (explainer, judging)
    explanation = await explain(about, seen, evidence, settings, *clients)
    for number in range(1, args.rounds + 1):
        after = about.model_copy(update={"round": number})
        explanation = await revise(after, explanation, seen, evidence, settings, *clients)
    events: pa.Table = read_head(args.events_folder / name, EVENTS, about.head)
    splits: list[Split] = ["validation", "test"]
    reading = reading_of(events, splits, args.items, args.seed, about.layer, about.head)
    await judge(explanation, controls_of(explanation, args), reading, judging, args.items_per_call)


def controls_of(explanation: Explanation, args: argparse.Namespace) -> Iterator[Explanation]:
    """Explanations in the place of those of other heads."""
    for number in range(min(args.controls, len(args.heads) - 1)):
        summary = f"{explanation.summary} This is control {number}."
        yield explanation.model_copy(
            update={"head": explanation.head + 1 + number, "summary": summary}
        )


@reported
def main() -> None:
    args = parse_arguments()
    explainer, judging = stand_ins(args)
    progress = Progress()
    for done, (layer, head) in enumerate(map(parse_head, args.heads), 1):
        about = HeadRecord(
            model=args.model,
            corpus=args.corpus,
            explainer=args.explainer,
            round=0,
            layer=layer,
            head=head,
        )
        asyncio.run(rehearse(about, args, explainer, judging))
        progress(f"{done} of {len(args.heads)} heads")
    share = 1 + args.random_heads / len(args.heads)
    rows: list[dict[str, object]] = []
    for task, endpoint, client in (
        ("explain", args.endpoint, explainer),
        ("judge", args.judge_endpoint, judging),
    ):
        usage = client.usage
        rows.append(
            {
                "model": args.model,
                "corpus": args.corpus,
                "explainer": args.explainer,
                "task": task,
                "endpoint": endpoint,
                "heads": len(args.heads) + args.random_heads,
                "calls": round(usage.calls * share),
                "input_tokens": round(usage.input_tokens * share),
                "output_tokens": round(usage.output_tokens * share),
                "dollars": None if usage.dollars is None else round(usage.dollars * share, 4),
            }
        )
    write_csv(args.out, rows, ESTIMATE)


if __name__ == "__main__":
    main()

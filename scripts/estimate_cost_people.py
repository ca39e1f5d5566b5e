"""Rehearse what a judge would be asked about what people wrote, and add up what it would cost.

The prompts are the real ones; every answer is a yes, and a token is taken for 4 bytes. Of several
texts about a head the first is taken for the one that is kept. A head of which nobody wrote costs
nothing, and neither do those with random weights.
"""

import argparse
import asyncio
from pathlib import Path

from headatlas.controls import Head, alike_in_words, controls_of
from headatlas.errors import reported
from headatlas.explainers.llm.arguments import add_further, add_judge, add_run
from headatlas.explainers.llm.rehearsing import judging_rows, rehearse_judging
from headatlas.explainers.people.explain import explaining
from headatlas.explainers.people.table import read_people, texts_of
from headatlas.llm.rehearsal import Rehearsal, yes
from headatlas.names import parse_head
from headatlas.records.spending import ESTIMATE
from headatlas.records.usage import Usage
from headatlas.settings.arguments import add_settings
from headatlas.settings.language_model import LanguageModel
from headatlas.storage import write_csv


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_run(parser)
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument("--written", type=Path, required=True, help="what people wrote")
    parser.add_argument("--events-folder", type=Path, required=True, help="tables of events")
    parser.add_argument("--items-folder", type=Path, required=True, help="tables of items")
    add_judge(parser, "")
    add_further(parser)
    add_settings(parser, LanguageModel, "controls")
    parser.add_argument("--out", type=Path, required=True, help="estimate to write (CSV)")
    return parser.parse_args()


def of_head(args: argparse.Namespace, at: Head) -> argparse.Namespace:
    """What the scripts about one head are given."""
    layer = f"layer{at[0]:02d}.parquet"
    own = {"events": args.events_folder / layer, "items": args.items_folder / layer}
    return argparse.Namespace(**vars(args) | own, round=0, layer=at[0], head=at[1])


def rehearse(args: argparse.Namespace, judge: Rehearsal, further: dict[str, Usage]) -> int:
    """All heads that people wrote about: how many there are."""
    lines = read_people(args.written)
    heads = [parse_head(name) for name in args.heads]
    texts = {at: found for at in heads if (found := texts_of(lines, args.model, *at))}
    explained = {
        at: asyncio.run(explaining(of_head(args, at), found, judge)) for at, found in texts.items()
    }
    alike = alike_in_words(explained)
    for at, explanation in explained.items():
        others = controls_of(heads, at, args.controls, among=alike.differing(at))
        controls = [explained[other] for other in others]
        own = of_head(args, at)
        asyncio.run(rehearse_judging(own, explanation, controls, judge, further))
    return len(explained)


@reported
def main() -> None:
    args = parse_arguments()
    judge = Rehearsal(args.sampling, args.connections[args.endpoint], yes(args.items_per_call))
    further: dict[str, Usage] = {}
    heads = rehearse(args, judge, further)
    about = {name: getattr(args, name) for name in ("model", "corpus", "explainer")}
    rows = judging_rows(about, args.endpoint, (heads, 0), judge, further)
    write_csv(args.out, rows, ESTIMATE)


if __name__ == "__main__":
    main()

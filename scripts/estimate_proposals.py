"""Rehearse what a language model would be asked to propose, and add up what it would cost.

The prompts are the real ones, of this run's exemplars; replies are stand-ins of usual length, all
of whose proposals are valid, and a token is taken for 4 bytes.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from headatlas.errors import reported
from headatlas.explainers.hybrid.arguments import add_asking, settings_of
from headatlas.explainers.hybrid.propose import propose
from headatlas.explainers.hybrid.reply import FeatureReply, ProposalsReply
from headatlas.explainers.llm.arguments import metrics_of
from headatlas.explainers.llm.exemplars import read_seen
from headatlas.llm.client import Message
from headatlas.llm.rehearsal import Rehearsal, estimate_row
from headatlas.names import parse_head
from headatlas.progress import Progress
from headatlas.records.head import HeadRecord
from headatlas.records.spending import ESTIMATE
from headatlas.storage import write_csv

USUAL = 4  # proposals of a reply
STAND_IN = FeatureReply(
    source="after(same_token, last)", source_tokens=[], trigger="class(digit)", trigger_tokens=[]
)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_asking(parser)
    parser.add_argument("--events-folder", type=Path, required=True, help="tables of events")
    parser.add_argument("--stats-folder", type=Path, required=True, help="tables of head metrics")
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument(
        "--random-heads", type=int, default=0, help="heads with random weights, taken to cost alike"
    )
    parser.add_argument("--out", type=Path, required=True, help="estimate to write (CSV)")
    args = parser.parse_args()

    def proposed(_: int, __: Sequence[Message], ___: type[BaseModel] | None) -> str:
        return ProposalsReply(proposals=[STAND_IN] * min(USUAL, args.proposals)).model_dump_json()

    client = Rehearsal(args.sampling, args.connections[args.endpoint], proposed)
    about = {name: getattr(args, name) for name in ("model", "corpus", "explainer")}
    progress = Progress()
    for done, (layer, number) in enumerate(map(parse_head, args.heads), 1):
        head = HeadRecord(**about, round=0, layer=layer, head=number)
        name = f"layer{layer:02d}.parquet"
        events = read_seen(args.events_folder / name, number)
        metrics = metrics_of(args, args.stats_folder / name, number)
        asyncio.run(propose(head, events, metrics, settings_of(args), client))
        progress(f"{done} of {len(args.heads)} heads")
    heads = len(args.heads), args.random_heads
    row = estimate_row(about, "propose", args.endpoint, heads, client.usage)
    write_csv(args.out, [row], ESTIMATE)


if __name__ == "__main__":
    main()

"""Ask a language model for features that the program of an attention head might need."""

import argparse
import asyncio
import os
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.explainers.hybrid.arguments import add_asking, settings_of
from headatlas.explainers.hybrid.propose import propose, without_proposals
from headatlas.explainers.llm.arguments import add_place, client_of, head_of, metrics_of
from headatlas.explainers.llm.exemplars import read_seen
from headatlas.llm.client import Client
from headatlas.storage import write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_asking(parser)
    add_place(parser)
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--stats", type=Path, required=True, help="head metrics of the layer")
    parser.add_argument("--out", type=Path, required=True, help="proposals to write (JSON)")
    args = parser.parse_args()

    events = read_seen(args.events, args.head)
    metrics = metrics_of(args, args.stats, args.head)
    client = client_of(args, "", os.environ, Client)
    about = head_of(args)
    asking = propose(about, events, metrics, settings_of(args), client)
    proposals = or_failed(
        lambda: asyncio.run(asking),
        lambda reason: without_proposals(about, client.sampling.model, reason),
    )
    write_record(args.out, proposals)


if __name__ == "__main__":
    main()

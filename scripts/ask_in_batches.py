"""Ask a language model about all heads, so that the heads' own jobs find the replies.

What explain_head_llm and judge_head_llm would ask is asked at once, by one process; of an endpoint
in batches it is noted, as far as it can be told without the replies, and asked for together, and
then again, with the replies, until nothing is left to ask.
"""

import argparse
import asyncio
import functools
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from headatlas.errors import reported
from headatlas.explainers.llm.all_heads import AllHeads
from headatlas.explainers.llm.arguments import (
    add_explainer,
    add_further,
    add_heads,
    add_judge,
    clients_of,
)
from headatlas.explainers.llm.candidates import usage_of
from headatlas.llm.collecting import Collecting
from headatlas.llm.together import together
from headatlas.llm.usage import rounded
from headatlas.records.base import Record
from headatlas.records.usage import Usage
from headatlas.storage import write_record


class Asked(Record):
    """What was asked; `usage` has the replies that were known before, too."""

    heads: int
    usage: Usage


async def resume(clients: Iterable[Collecting]) -> None:
    for client in clients:
        await client.resume()


async def collect(clients: Iterable[Collecting]) -> None:
    await together(client.collect() for client in clients)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_heads(parser)
    add_explainer(parser)
    add_judge(parser, "judge-")
    add_further(parser)
    parser.add_argument("--out", type=Path, required=True, help="record to write (JSON)")
    args = parser.parse_args()

    pending = args.replies / "batches" / args.model / args.corpus / args.explainer
    kind = functools.partial(Collecting, pending=pending)
    roles = clients_of(args, os.environ, kind)
    clients = dict.fromkeys(roles)  # one, where they are the same
    with asyncio.Runner() as runner:
        runner.run(resume(clients))
        heads = AllHeads(args, roles)
        while not runner.run(heads.go_on()):
            print(heads.state, file=sys.stderr, flush=True)
            runner.run(collect(clients))
    write_record(args.out, Asked(heads=len(args.heads), usage=rounded(usage_of(*clients))))


if __name__ == "__main__":
    main()

"""Explain an attention head by asking a language model, from its train and validation events.

In rounds of refinement it revises the explanation of the round before, from what that got wrong.
"""

import argparse
import asyncio
import os
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.explainers.llm.arguments import (
    add_explainer,
    add_head,
    add_judge,
    clients_of,
    head_of,
    read_of_head,
)
from headatlas.explainers.llm.rounds import explaining
from headatlas.explainers.unexplained import failed_explanation
from headatlas.llm.client import Client
from headatlas.storage import write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_head(parser)
    add_explainer(parser)
    add_judge(parser, "judge-")
    parser.add_argument("--previous", type=Path, help="explanation of the round before (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="explanation to write (JSON)")
    args = parser.parse_args()

    about = head_of(args)
    previous = read_of_head(args.previous, about) if args.previous else None
    asking = explaining(args, previous, *clients_of(args, os.environ, Client))
    explanation = or_failed(
        lambda: asyncio.run(asking), lambda reason: failed_explanation(about, reason)
    )
    write_record(args.out, explanation)


if __name__ == "__main__":
    main()

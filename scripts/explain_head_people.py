"""Explain an attention head in the words of people: of several texts, the best by a judge."""

import argparse
import asyncio
import os
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.explainers.llm.arguments import (
    add_judge,
    add_place,
    add_run,
    client_of,
    head_of,
)
from headatlas.explainers.people.explain import explaining
from headatlas.explainers.people.table import read_people, texts_of
from headatlas.explainers.unexplained import failed_explanation
from headatlas.llm.client import Client
from headatlas.storage import write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    add_place(parser)
    parser.add_argument("--written", type=Path, help="file of what people wrote (CSV, JSONL)")
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--items", type=Path, required=True, help="items of the head's layer")
    add_judge(parser, "")
    parser.add_argument("--out", type=Path, required=True, help="explanation to write (JSON)")
    args = parser.parse_args()

    lines = read_people(args.written) if args.written else []
    texts = texts_of(lines, args.model, args.layer, args.head)
    asking = explaining(args, texts, client_of(args, "", os.environ, Client))
    explanation = or_failed(
        lambda: asyncio.run(asking), lambda reason: failed_explanation(head_of(args), reason)
    )
    write_record(args.out, explanation)


if __name__ == "__main__":
    main()

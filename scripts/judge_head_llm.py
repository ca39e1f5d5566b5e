"""Judge an explanation by a language model that says from it what the head does in unseen text."""

import argparse
import asyncio
import os
from pathlib import Path

from headatlas.controls import read_controls
from headatlas.errors import or_failed, reported
from headatlas.explainers.llm.arguments import add_further, add_judge, client_of
from headatlas.explainers.llm.judge import judgement_of
from headatlas.explainers.llm.rounds import judging
from headatlas.llm.client import Client
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.storage import read_record, write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--items", type=Path, required=True, help="items of the head's layer")
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument(
        "--controls",
        type=Path,
        required=True,
        help="which other heads' explanations are judged on this head's test items (Parquet)",
    )
    parser.add_argument("--explanations", type=Path, required=True, help="their folder")
    add_judge(parser, "")
    add_further(parser)
    parser.add_argument("--out", type=Path, required=True, help="judgement to write (JSON)")
    args = parser.parse_args()

    explanation = read_record(args.explanation, Explanation)
    others = read_controls(args.controls, (explanation.layer, explanation.head))["model"]
    controls = [
        read_record(args.explanations / f"{head_name(*at)}.json", Explanation) for at in others
    ]
    asking = judging(args, explanation, controls, client_of(args, "", os.environ, Client))
    judgement = or_failed(
        lambda: asyncio.run(asking), lambda reason: judgement_of(explanation, reason)
    )
    write_record(args.out, judgement)


if __name__ == "__main__":
    main()

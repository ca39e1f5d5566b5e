"""Judge an explanation by a language model that says from it what the head does in unseen text."""

import argparse
import asyncio
import os
from pathlib import Path

from headatlas.errors import InputError, or_failed, reported
from headatlas.explainers.llm.arguments import add_judge, client_of
from headatlas.explainers.llm.judge import judgement_of
from headatlas.explainers.llm.rounds import judging
from headatlas.llm.client import Client
from headatlas.records.explanation import Explanation
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_record


def read_control(path: Path, judged: Explanation) -> Explanation:
    """The explanation of another head. Raises InputError if it is of the head itself."""
    control = read_record(path, Explanation)
    if (control.layer, control.head) == (judged.layer, judged.head):
        raise InputError(f"{path}: is about the head itself, a control is about another")
    return control


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument(
        "--control-explanations",
        type=Path,
        nargs="*",
        default=[],
        help="explanations of other heads, judged on this head's test items as a control (JSON)",
    )
    add_settings(parser, Seed)
    add_judge(parser, "")
    parser.add_argument("--out", type=Path, required=True, help="judgement to write (JSON)")
    args = parser.parse_args()

    explanation = read_record(args.explanation, Explanation)
    controls = [read_control(path, explanation) for path in args.control_explanations]
    asking = judging(args, explanation, controls, client_of(args, "", os.environ, Client))
    judgement = or_failed(
        lambda: asyncio.run(asking), lambda reason: judgement_of(explanation, reason)
    )
    write_record(args.out, judgement)


if __name__ == "__main__":
    main()

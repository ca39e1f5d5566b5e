"""Explain an attention head by asking a language model, from its train and validation events."""

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
    evidence_of,
    head_of,
    settings_of,
)
from headatlas.explainers.llm.exemplars import read_seen
from headatlas.explainers.llm.explain import explain
from headatlas.explainers.unexplained import failed_explanation
from headatlas.storage import write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_head(parser)
    add_explainer(parser)
    add_judge(parser, "judge-")
    parser.add_argument("--out", type=Path, required=True, help="explanation to write (JSON)")
    args = parser.parse_args()

    about, events, evidence = head_of(args), read_seen(args.events, args.head), evidence_of(args)
    clients = clients_of(args, os.environ)
    explanation = or_failed(
        lambda: asyncio.run(explain(about, events, evidence, settings_of(args), *clients)),
        lambda reason: failed_explanation(about, reason),
    )
    write_record(args.out, explanation)


if __name__ == "__main__":
    main()

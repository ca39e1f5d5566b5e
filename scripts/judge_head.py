"""Predict a head's activation and attention on held-out text from its explanation alone."""

import argparse
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.explainers.symbolic.judge import judge, judgement_of
from headatlas.explainers.symbolic.windows import read_texts
from headatlas.records.explanation import Explanation
from headatlas.storage import read_record, write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events",
        type=Path,
        required=True,
        help="events of the head's layer, of which only tokens and their text are read",
    )
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="judgement to write (JSON)")
    args = parser.parse_args()

    explanation = read_record(args.explanation, Explanation)
    texts = read_texts(args.events, explanation.head, ["validation", "test"])
    judgement = or_failed(
        lambda: judge(explanation, texts), lambda reason: judgement_of(explanation, reason=reason)
    )
    write_record(args.out, judgement)


if __name__ == "__main__":
    main()

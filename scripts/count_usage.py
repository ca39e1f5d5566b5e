"""Add up what the language models behind a run cost, by head and step."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.records.spending import USAGE
from headatlas.reporting.usage import usage_rows
from headatlas.storage import write_rows


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds",
        type=Path,
        nargs="+",
        required=True,
        help="folders of the rounds of refinement, in order, with what was said in each",
    )
    parser.add_argument(
        "--judged",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether a language model judges the explanations (default: it does)",
    )
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument(
        "--random-rounds",
        type=Path,
        nargs="*",
        default=[],
        help="likewise of the model's twin with random weights",
    )
    parser.add_argument("--random-heads", nargs="*", default=[], help="its heads, as LxxHyy")
    parser.add_argument("--out", type=Path, required=True, help="usage to write (Parquet)")
    args = parser.parse_args()
    rows = [*usage_rows(args.rounds, args.heads, judged=args.judged)]
    rows += usage_rows(args.random_rounds, args.random_heads, judged=args.judged)
    write_rows(args.out, rows, USAGE)


if __name__ == "__main__":
    main()

"""Choose the controls of every head among those whose explanation says something else."""

import argparse
from pathlib import Path

from headatlas.controls import alike_in_words, control_rows
from headatlas.errors import reported
from headatlas.names import parse_head
from headatlas.predictions import read_predictions
from headatlas.records.controls import CONTROLS
from headatlas.records.explanation import Explanation
from headatlas.scoring.alike import alike_in_predictions
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.storage import read_record, write_rows


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument(
        "--explanations", type=Path, help="their folder, to compare explanations by their words"
    )
    parser.add_argument(
        "--predictions",
        type=Path,
        help="folder of what was predicted from them, to compare them by that instead",
    )
    add_settings(parser, Scoring, "controls")
    parser.add_argument("--layer-controls", type=int, default=0, help="likewise of its layer")
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()
    if (args.explanations is None) == (args.predictions is None):
        parser.error("--explanations or --predictions: one of them is needed, and not both")

    heads = {parse_head(name): name for name in args.heads}
    if args.predictions:
        found = (
            read_predictions(args.predictions / f"{name}.parquet", at) for at, name in heads.items()
        )
        alike = alike_in_predictions(found)
    else:
        alike = alike_in_words(
            {
                at: read_record(args.explanations / f"{name}.json", Explanation)
                for at, name in heads.items()
            }
        )
    rows = control_rows(alike, list(heads), args.controls, args.layer_controls)
    write_rows(args.out, rows, CONTROLS)


if __name__ == "__main__":
    main()

"""Say what depends on each head, and whether where its explanation predicts activity."""

import argparse
from pathlib import Path

from headatlas.controls import read_controls
from headatlas.dependence.attributed import by_head
from headatlas.dependence.rows import Predicted, estimated_row, rows_of
from headatlas.dependence.tables import ablated_heads
from headatlas.errors import reported
from headatlas.names import parse_head
from headatlas.predictions import read_activation
from headatlas.records.attribution import ATTRIBUTION
from headatlas.records.base import head_name
from headatlas.records.effects import EFFECTS
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_table, write_rows


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--ablations", type=Path, nargs="+", required=True, help="a table for each layer (Parquet)"
    )
    parser.add_argument("--attribution", type=Path, required=True, help="estimates of all heads")
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument("--predictions", type=Path, help="folder of what programs predict")
    parser.add_argument("--controls", type=Path, required=True, help="controls.parquet of the run")
    add_settings(parser, Scoring, "bootstrap")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    heads = [parse_head(name) for name in args.heads]
    predicted: dict[tuple[int, int], Predicted] = {at: {} for at in heads}
    if args.predictions is not None:
        paths = {at: args.predictions / f"{head_name(*at)}.parquet" for at in heads}
        predicted |= {at: read_activation(path, at) for at, path in paths.items()}
    estimates = by_head(read_table(args.attribution, ATTRIBUTION))
    table: list[dict[str, object]] = [
        estimated_row(at, losses, resamples=args.bootstrap, seed=args.seed)
        for at, losses in estimates.items()
    ]
    for path in args.ablations:
        for at, by_kind in ablated_heads(path):
            controls = [predicted[other] for other in read_controls(args.controls, at)["model"]]
            table += rows_of(
                at,
                by_kind,
                predicted[at],
                controls,
                resamples=args.bootstrap,
                seed=args.seed,
            )
    write_rows(args.out, table, EFFECTS)


if __name__ == "__main__":
    main()

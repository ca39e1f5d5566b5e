"""Compare the runs of a sweep: quality, counterparts of heads, families, other corpora."""

import argparse
from pathlib import Path

from pydantic import TypeAdapter

from headatlas.comparison.build import OPTIONAL, Inputs, Sampling, build
from headatlas.errors import reported
from headatlas.folders import atomic_folder
from headatlas.settings.arguments import add_settings, json_reader
from headatlas.settings.clustering import Clustering
from headatlas.settings.report import Report
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed


def parser() -> argparse.ArgumentParser:
    """The command line of the script."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument(
        "--models", type=Path, required=True, nargs="+", help="model.json of every model"
    )
    made.add_argument(
        "--atlases", type=Path, required=True, nargs="+", help="folder of every run's atlas"
    )
    made.add_argument(
        "--clusterings",
        type=json_reader("--clusterings", TypeAdapter(dict[str, Clustering]).validate_json),
        required=True,
        help="the clusterings of the sweep (JSON, as under clusterings)",
    )
    made.add_argument(
        "--matches",
        type=Path,
        nargs="*",
        default=[],
        help="heads of two models that behave alike, as CORPUS/MODEL/OTHER/matches.parquet",
    )
    made.add_argument(
        "--transfers",
        type=Path,
        nargs="*",
        default=[],
        help="scores of explanations on another corpus than their own",
    )
    made.add_argument(
        "--claims",
        type=Path,
        nargs="*",
        default=[],
        help="write_claims.json of every model and of its twin with random weights, on each corpus",
    )
    made.add_argument(
        "--rated", type=Path, nargs="*", default=[], help="what ratings by people come to"
    )
    add_settings(made, Scoring, "bootstrap")
    add_settings(made, Seed)
    add_settings(made, Report, "title")
    made.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[1] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    made.add_argument("--out-dir", type=Path, required=True, help="folder of the comparison")
    return made


@reported
def main() -> None:
    """Read the arguments and write the comparison."""
    args = parser().parse_args()
    with atomic_folder(args.out_dir, OPTIONAL) as folder:
        build(
            Inputs(
                args.models,
                args.atlases,
                args.matches,
                args.transfers,
                args.claims,
                args.rated,
            ),
            args.clusterings,
            Sampling(args.bootstrap, args.seed),
            folder,
            title=args.title,
            templates=args.templates,
        )


if __name__ == "__main__":
    main()

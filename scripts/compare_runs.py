"""Compare the runs of a sweep: quality, counterparts of heads, families, other corpora."""

import argparse
from pathlib import Path

from headatlas.comparison.build import Clustering, Inputs, Sampling, build
from headatlas.errors import reported


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
        "--clustering",
        action="append",
        required=True,
        nargs=4,
        metavar=("NAME", "ENCODER", "MIN_CLUSTER_SIZE", "MIN_SAMPLES"),
        help="a clustering of the sweep, with its settings; may be given several times",
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
        "--bootstrap", type=int, default=1000, help="resamples behind each interval, from 1"
    )
    made.add_argument("--seed", type=int, default=0, help="seed of all that is drawn")
    made.add_argument("--title", required=True, help="title of the atlas")
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
    build(
        Inputs(args.models, args.atlases, args.matches, args.transfers),
        [Clustering(name, encoder, int(m), int(n)) for name, encoder, m, n in args.clustering],
        Sampling(args.bootstrap, args.seed),
        args.out_dir,
        title=args.title,
        templates=args.templates,
    )


if __name__ == "__main__":
    main()

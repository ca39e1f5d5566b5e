"""Compare the variants of a study: what each setting is worth, and what it costs."""

import argparse
from pathlib import Path

from headatlas.configuration.samples import has_families, read_sample
from headatlas.errors import InputError, reported
from headatlas.records.base import head_name
from headatlas.settings.arguments import add_settings, json_reader
from headatlas.settings.report import Report
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.studies.arms import Plan
from headatlas.studies.build import build
from headatlas.studies.tables import Sampling


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument(
        "--plan",
        type=Path,
        required=True,
        help="file with the variants and where their files are, the run that is studied first, and "
        "with the heads of each model that are studied, as LxxHyy, and of how many they were drawn "
        "(JSON)",
    )
    parser.add_argument(
        "--table", type=Path, required=True, help="the table that they were drawn into (CSV)"
    )
    parser.add_argument(
        "--benchmarks", type=Path, required=True, help="folder of Snakemake's measurements"
    )
    add_settings(parser, Scoring, "bootstrap")
    add_settings(parser, Seed)
    add_settings(parser, Report, "title")
    parser.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[1] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the study")
    return parser.parse_args()


def check_drawn(table: Path, heads: dict[str, list[str]]) -> None:
    """Raise InputError if the heads of the variants are not those that were drawn."""
    drawn = {m: [head_name(*at) for at in places] for m, places in read_sample(table).items()}
    if drawn != heads:
        problem = "its heads were drawn anew after this run of the study began"
        raise InputError(f"{table}: {problem}; allowed: run the same command once more")


@reported
def main() -> None:
    args = parse_arguments()
    plan = json_reader(str(args.plan), Plan.model_validate_json)(args.plan.read_text())
    if plan.drawn_from:
        check_drawn(args.table, plan.heads)
    build(
        args.study,
        plan.variants,
        plan.heads,
        Sampling(args.bootstrap, args.seed),
        args.benchmarks,
        args.out_dir,
        drawn_from=plan.drawn_from,
        by_family=has_families(args.table),
        title=args.title,
        templates=args.templates,
    )


if __name__ == "__main__":
    main()

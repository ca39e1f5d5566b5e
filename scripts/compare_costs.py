"""Add up the measured wall time and memory of the jobs of a sweep, and the price of replies."""

import argparse
from pathlib import Path

from headatlas.comparison.cost import read_heads, read_jobs, write_cost
from headatlas.errors import reported
from headatlas.settings.arguments import add_settings
from headatlas.settings.report import Report


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--benchmarks", type=Path, required=True, help="folder of Snakemake's measurements"
    )
    parser.add_argument(
        "--usage",
        type=Path,
        nargs="*",
        default=[],
        help="what the language models of the runs cost (Parquet)",
    )
    parser.add_argument("--runs", type=Path, required=True, help="runs.csv of the comparison")
    add_settings(parser, Report, "title")
    parser.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[1] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    parser.add_argument("--table", type=Path, required=True, help="table to write (CSV)")
    parser.add_argument("--page", type=Path, required=True, help="page to write (HTML)")
    args = parser.parse_args()
    heads = read_heads(args.runs)
    jobs = read_jobs(args.benchmarks, heads)
    write_cost(
        *(jobs, heads, args.usage, args.table, args.page),
        title=args.title,
        templates=args.templates,
    )


if __name__ == "__main__":
    main()

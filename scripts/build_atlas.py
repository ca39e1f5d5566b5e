"""Publish one run: its tables, its report and the pages of the atlas."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.folders import atomic_folder
from headatlas.records.atlas import Recipe
from headatlas.reporting.atlas import OPTIONAL, build
from headatlas.reporting.heads import Run
from headatlas.reporting.inputs import Inputs, Judged
from headatlas.settings.arguments import add_settings
from headatlas.settings.report import Report


def parser() -> argparse.ArgumentParser:
    """The command line of the script."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--model-info", type=Path, required=True, help="model.json of the subject")
    made.add_argument("--windows", type=Path, required=True, help="windows.parquet of the corpus")
    made.add_argument(
        "--events", type=Path, required=True, nargs="+", help="event tables, one per layer"
    )
    made.add_argument(
        "--stats", type=Path, required=True, nargs="+", help="head metric tables, one per layer"
    )
    # A folder and short names: the paths of a thousand files do not fit on a command line.
    made.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    made.add_argument("--explanations", type=Path, required=True, help="folder of explanations")
    made.add_argument("--scores", type=Path, required=True, help="folder of their scores")
    made.add_argument(
        "--random-heads",
        nargs="*",
        default=[],
        help="heads of the model's twin with random weights, as LxxHyy",
    )
    made.add_argument(
        "--random-round",
        type=Path,
        default=Path(),
        help="folder with the folders explanations and scores of these heads",
    )
    made.add_argument("--controls", type=Path, required=True, help="controls.parquet of the run")
    made.add_argument("--clusters", type=Path, required=True, help="clusters.json of the run")
    made.add_argument("--known-roles", type=Path, required=True, help="known_roles.json of the run")
    made.add_argument(
        "--repeats", type=Path, required=True, help="scores on repeated random tokens"
    )
    made.add_argument(
        "--substitution", type=Path, help="what is lost with heads that attend as explained, if any"
    )
    made.add_argument(
        "--weights", type=Path, nargs="*", default=[], help="folders of what heads write by weights"
    )
    made.add_argument(
        "--random-weights", type=Path, nargs="*", default=[], help="those of the random twin"
    )
    made.add_argument("--claims", type=Path, help="write_claims.json: what they write in text")
    made.add_argument("--random-claims", type=Path, nargs="?", help="that of the random twin")
    made.add_argument("--effects", type=Path, help="what depends on the heads, if it was measured")
    made.add_argument("--rated", type=Path, help="what ratings by people come to, if any (Parquet)")
    made.add_argument("--family-effects", type=Path, help="what depends on families, likewise")
    made.add_argument(
        "--transfers",
        type=Path,
        nargs="*",
        default=[],
        help="scores of the explanations on other corpora, a file for each",
    )
    made.add_argument(
        "--beside",
        nargs="*",
        default=[],
        help="other runs on the model that are linked, as corpus/explainer",
    )
    made.add_argument("--judgements", type=Path, help="folder of what a language model answered")
    made.add_argument("--items", type=Path, help="folder of the items it was asked")
    made.add_argument("--usage", type=Path, help="what its language models cost, if any (Parquet)")
    made.add_argument("--model", required=True, help="name of the model in the configuration")
    made.add_argument("--corpus", required=True, help="name of the corpus")
    made.add_argument("--explainer", required=True, help="name of the explainer")
    made.add_argument("--clustering", required=True, help="name of the clustering")
    made.add_argument("--round", type=int, required=True, help="round of refinement, from 0")
    made.add_argument(
        "--recipe",
        type=Recipe.model_validate_json,
        required=True,
        help="settings of the run and digests of its code, as JSON (schema: run.json, Recipe)",
    )
    add_settings(made, Report)
    made.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[1] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    made.add_argument("--out-dir", type=Path, required=True, help="folder of the atlas")
    return made


@reported
def main() -> None:
    """Read the arguments and build the atlas."""
    args = parser().parse_args()
    run = Run(args.model, args.corpus, args.explainer, args.clustering, args.round, args.title)
    inputs = Inputs(
        args.model_info,
        args.windows,
        args.events,
        args.stats,
        args.heads,
        args.explanations,
        args.scores,
        args.controls,
        args.clusters,
        args.known_roles,
        args.repeats,
        args.substitution,
        args.usage,
        args.random_heads,
        args.random_round,
        Judged(args.judgements, args.items) if args.judgements else None,
        args.weights,
        args.random_weights,
        args.claims,
        args.random_claims,
        args.effects,
        args.rated,
        args.family_effects,
        args.transfers,
        args.beside,
    )
    with atomic_folder(args.out_dir, OPTIONAL) as folder:
        build(
            run,
            inputs,
            args.recipe,
            folder,
            templates=args.templates,
            exemplars=args.exemplars,
            all_failed=args.all_failed,
        )


if __name__ == "__main__":
    main()

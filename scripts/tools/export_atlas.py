"""Write finished atlases for use elsewhere: as a data set, for HeadVis, as a web site."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.exporting.export import KINDS, comparison_in, export
from headatlas.reading.atlas import chosen_atlases


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "results", type=Path, nargs="?", default=Path("results"), help="folder of atlases"
    )
    parser.add_argument(
        "--run", help="only runs whose name, model/corpus/explainer/clustering, begins so"
    )
    parser.add_argument("--out", type=Path, default=Path("export"), help="folder to write")
    parser.add_argument(
        "--as",
        dest="kinds",
        nargs="+",
        choices=KINDS,
        default=KINDS,
        help="dataset: Parquet tables that datasets.load_dataset opens; headvis: data of its "
        "frontend; site: all pages with one front page; finetuning: chats for language models "
        "(default: all)",
    )
    parser.add_argument(
        "--licence",
        default="unknown",
        help="of the tables, as the Hugging Face hub names it, such as cc-by-4.0",
    )
    parser.add_argument(
        "--exemplars",
        action="store_true",
        help="with the windows of the corpus in the data set, whose licence is its own",
    )
    parser.add_argument(
        "--templates",
        type=Path,
        default=Path(__file__).parents[2] / "workflow/templates",
        help="folder of the templates, if not the workflow's own",
    )
    args = parser.parse_args()

    atlases = chosen_atlases(args.results, args.run)
    written = export(
        atlases,
        args.out,
        templates=args.templates,
        kinds=args.kinds,
        licence=args.licence,
        exemplars=args.exemplars,
        comparison=None if args.run else comparison_in(args.results),
    )
    for folder in written:
        print(folder)


if __name__ == "__main__":
    main()

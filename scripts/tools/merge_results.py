"""Copy results that were made on another machine or in another folder to those here."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.merging import merge


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    folder = "folder in which the workflow has run: it has results/ and .snakemake/"
    parser.add_argument("source", type=Path, metavar="FROM", help=folder)
    parser.add_argument("target", type=Path, metavar="INTO", help="the same; FROM stays as it is")
    args = parser.parse_args()

    merged = merge(args.source, args.target)
    print(f"{merged.copied} files copied, {merged.there} were there already")


if __name__ == "__main__":
    main()

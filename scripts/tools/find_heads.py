"""Find heads by what their explanations say, over all finished atlases of a folder.

Prints a row for each, the best match first, with tabs between run, head, score, title and page.
"""

import argparse
from pathlib import Path
from typing import get_args

from headatlas.errors import reported
from headatlas.printable import printable
from headatlas.reading.atlas import chosen_atlases, find_heads
from headatlas.reading.search import By

COLUMNS = ("run", "head", "score", "title", "page")


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="+", help="such as: tokens after a negation")
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="folder of atlases (default: results)"
    )
    parser.add_argument(
        "--run", help="search only runs whose name, model/corpus/explainer/clustering, begins so"
    )
    parser.add_argument(
        "--by",
        choices=get_args(By),
        default="text",
        help="text: words that are there; meaning: what an encoder finds alike (default: text)",
    )
    parser.add_argument("--limit", type=int, default=10, help="at most so many (default: 10)")
    args = parser.parse_args()

    atlases = chosen_atlases(args.results, args.run)
    found = find_heads(atlases, " ".join(args.words), by=args.by, limit=args.limit)
    print(*COLUMNS, sep="\t")
    for row in found.select(COLUMNS).iter_rows():
        print(*(" ".join(printable(str(cell)).split()) for cell in row), sep="\t")


if __name__ == "__main__":
    main()

"""Build a planted model: every head does one known thing, written down in an answer key."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from headatlas.corpora.python_docs import python_documents
from headatlas.errors import reported
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.subjects.planted.build import plant
from headatlas.subjects.planted.harder import plant_harder
from headatlas.subjects.planted.noise import STRENGTHS
from headatlas.subjects.planted.writers import plant_writers


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_settings(parser, Seed)
    parser.add_argument(
        "--noise",
        default="none",
        choices=list(STRENGTHS),
        help="on the attention logits: moves 0, 25 or 50 %% of a head's attention elsewhere",
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--harder", action="store_true", help="with the roles that cannot be said in a word"
    )
    kinds.add_argument("--writers", action="store_true", help="whose heads write known things")
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    args = parser.parse_args()
    texts = [document.text for document in python_documents(held_out=False)]
    build: Callable[[int, str, Sequence[str], Path], object] = plant
    if args.harder or args.writers:
        build = plant_harder if args.harder else plant_writers
    build(args.seed, args.noise, texts, args.out)


if __name__ == "__main__":
    main()

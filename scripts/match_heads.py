"""Match the heads of two models that behave alike on the same passages."""

import argparse
from pathlib import Path

from headatlas.comparison.behaviour import behaviour_of
from headatlas.comparison.matching import match, match_rows
from headatlas.comparison.words import shared_readings
from headatlas.errors import reported
from headatlas.records.matches import MATCHES
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.storage import write_rows


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="name of the first model")
    add("--windows", type=Path, required=True, help="its windows.parquet")
    add("--activations", type=Path, nargs="+", required=True, help="its folder of each shard")
    add("--other", required=True, help="name of the second model")
    add("--other-windows", type=Path, required=True, help="its windows.parquet")
    add("--other-activations", type=Path, nargs="+", required=True, help="its folders likewise")
    add("--passages", type=int, default=256, help="test passages compared at most, from 2")
    add("--permutations", type=int, default=50, help="shuffles behind the chance level, from 1")
    add_settings(parser, Seed)
    add("--out", type=Path, required=True, help="table of matches to write")
    arguments = parser.parse_args()
    for flag, least in (("passages", 2), ("permutations", 1)):
        if (value := getattr(arguments, flag)) < least:
            parser.error(f"--{flag}: {value} is not allowed, at least {least}")
    return arguments


@reported
def main() -> None:
    args = parse_arguments()
    reading, other_reading = shared_readings(args.windows, args.other_windows, args.passages)
    rows = []
    if reading.counts.any():  # text without white space has no words in common
        behaviours = (
            behaviour_of(args.activations, reading),
            behaviour_of(args.other_activations, other_reading),
        )
        matches = match(*behaviours, reading.counts, permutations=args.permutations, seed=args.seed)
        rows = match_rows((args.model, args.other), behaviours, matches)
    facts = {
        "passages": len(reading.counts),
        "words": int(reading.counts.sum()),
        "permutations": args.permutations,
    }
    write_rows(args.out, rows, MATCHES, facts)


if __name__ == "__main__":
    main()

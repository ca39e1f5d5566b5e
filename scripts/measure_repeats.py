"""The standard tests: the attention of every head of a model on repeated random tokens."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from headatlas.activations.repeats import Scores, joined, measure_repeats
from headatlas.errors import reported
from headatlas.intervals import generator, mean_intervals
from headatlas.records.model import ModelInfo
from headatlas.records.repeats import REPEATS
from headatlas.settings.arguments import add_settings
from headatlas.settings.model import Model
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded

RESAMPLES = 1000


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    add_settings(parser, Model, "bos")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table of scores to write")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    measured = measure_repeats(
        bridge,
        info.attention_layers,
        bos=args.bos == "prepend",
        seed=args.seed,
        batch_size=args.batch_size,
    )
    rows = [
        {"layer": layer, "length": length} | row
        for layer, by_length in measured.items()
        for length, scores in [*by_length.items(), (None, joined([*by_length.values()]))]
        for row in summaries(scores, args.seed)
    ]
    write_rows(args.out, rows, REPEATS)


def summaries(scores: Scores, seed: int) -> Iterator[dict[str, object]]:
    """The mean of each head with its interval, test by test."""
    for metric, values in scores.items():
        found = mean_intervals(values.numpy(), RESAMPLES, generator(seed, "bootstrap"))
        for head, (value, low, high) in enumerate(found):
            row = {"head": head, "metric": metric, "value": value, "low": low, "high": high}
            yield row | {"n": len(values)}


if __name__ == "__main__":
    main()

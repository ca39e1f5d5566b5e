"""Measure the attention of every head of a model on repeated random tokens."""

import argparse
from pathlib import Path

from headatlas.activations.repeats import measure_repeats
from headatlas.errors import reported
from headatlas.records.model import ModelInfo
from headatlas.records.repeats import REPEATS
from headatlas.settings.arguments import add_settings
from headatlas.settings.model import Model
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_subject


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    add_settings(parser, Model, "bos")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table of scores to write")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_subject(
        info.source, info.commit, dtype=info.dtype, device=args.device, devices=args.devices
    )
    bos = args.bos == "prepend"
    scores = measure_repeats(
        bridge, info.attention_layers, bos=bos, seed=args.seed, batch_size=args.batch_size
    )
    rows: list[dict[str, object]] = [
        {"layer": layer, "head": head, "metric": metric, "value": values[head].item()}
        for layer, measured in scores.items()
        for head in range(info.n_heads)
        for metric, values in measured.items()
    ]
    write_rows(args.out, rows, REPEATS)


if __name__ == "__main__":
    main()

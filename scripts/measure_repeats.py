"""Measure the attention of every head of a model on repeated random tokens."""

import argparse
from pathlib import Path

from headatlas.activations.repeats import measure_repeats
from headatlas.errors import reported
from headatlas.records.model import ModelInfo
from headatlas.records.repeats import REPEATS
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_subject


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--bos", choices=["prepend", "none"], default="prepend", help="first token")
    parser.add_argument("--seed", type=int, default=0, help="of the random tokens")
    parser.add_argument("--out", type=Path, required=True, help="table of scores to write")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_subject(
        info.source, info.commit, dtype=info.dtype, device=args.device, devices=args.devices
    )
    bos = args.bos == "prepend"
    scores = measure_repeats(bridge, bos=bos, seed=args.seed, batch_size=args.batch_size)
    rows: list[dict[str, object]] = [
        {"layer": layer, "head": head, "metric": metric, "value": values[head].item()}
        for layer, measured in enumerate(scores)
        for head in range(info.n_heads)
        for metric, values in measured.items()
    ]
    write_rows(args.out, rows, REPEATS)


if __name__ == "__main__":
    main()

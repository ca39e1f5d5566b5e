"""Estimate what every head's ablation would cost by gradients, in two passes and a backward one."""

import argparse
from pathlib import Path

from headatlas.activations.attribution import estimates, mean_z
from headatlas.activations.some_windows import fitting, some_windows
from headatlas.errors import reported
from headatlas.names import parse_head
from headatlas.records.attribution import ATTRIBUTION
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.effects import Effects
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    add_settings(parser, Effects, "test_windows", "reference_windows")
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    heads = [parse_head(name) for name in args.heads]
    reference = some_windows(args.windows, "train", args.reference_windows, sampled=False)
    tested = some_windows(args.windows, "test", args.test_windows, sampled=True)
    mean = mean_z(bridge, sorted({layer for layer, _ in heads}), reference, args.batch_size)
    size = fitting(bridge, tested, args.batch_size)
    rows: list[dict[str, object]] = [
        {"layer": layer, "head": head, "window": window, "loss": float(found[layer][head])}
        for window, found in estimates(bridge, mean, tested, size)
        for layer, head in heads
    ]
    write_rows(args.out, rows, ATTRIBUTION)


if __name__ == "__main__":
    main()

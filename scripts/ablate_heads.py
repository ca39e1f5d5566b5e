"""Run the model without each head of a layer, and record what it loses at every token."""

import argparse
from pathlib import Path

from headatlas.activations.ablating import ablate_layer
from headatlas.dependence.attributed import largest
from headatlas.errors import reported
from headatlas.records.attribution import ATTRIBUTION
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.effects import Effects
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, read_table
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument("--layer", type=int, required=True, help="layer, from 0")
    parser.add_argument("--heads", type=int, nargs="*", required=True, help="heads of it, from 0")
    parser.add_argument(
        "--attribution", type=Path, help="estimates of all heads, by which --exact chooses"
    )
    add_settings(parser, Effects, "test_windows", "reference_windows", "exact", "zero")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    heads = args.heads
    if args.exact != "all":
        chosen = largest(read_table(args.attribution, ATTRIBUTION), args.exact)
        heads = [head for head in heads if (args.layer, head) in chosen]
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    ablate_layer(
        bridge,
        args.layer,
        heads,
        args.windows,
        args.out,
        limit=args.test_windows,
        references=args.reference_windows,
        zero=args.zero,
        seed=args.seed,
        batch_size=args.batch_size,
    )


if __name__ == "__main__":
    main()

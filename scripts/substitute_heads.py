"""Run the model with heads that attend as their explanations say, and measure what it loses."""

import argparse
from pathlib import Path

from headatlas.activations.effects import OWN, many_heads, rows, single_heads
from headatlas.activations.substituting import Inputs, losses_of, ordered
from headatlas.errors import reported
from headatlas.names import parse_head
from headatlas.records.model import ModelInfo
from headatlas.records.substitution import SUBSTITUTION
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded

RESAMPLES = 1000  # behind each interval: another number is no reason to run the model again
LIMITS = ("substitution_windows", "substitution_head_windows")


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    # A folder and short names: the paths of a thousand files do not fit on a command line.
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument("--predictions", type=Path, required=True, help="folder of predictions")
    parser.add_argument("--controls", type=Path, required=True, help="controls.parquet of the run")
    add_settings(parser, Scoring, *LIMITS)
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    heads = [parse_head(name) for name in args.heads]
    inputs = Inputs(args.windows, args.predictions, args.controls, heads)
    windows, head_windows = (getattr(args, name) for name in LIMITS)
    order = ordered(bridge, inputs, windows=windows, batch_size=args.batch_size)
    table: list[dict[str, object]] = []
    for passes, limit in ((many_heads(order), windows), (single_heads(heads), head_windows)):
        found = losses_of(bridge, inputs, list(passes), windows=limit, batch_size=args.batch_size)
        own = found[OWN] if not table else found.pop(OWN)  # one row of the model itself
        table += rows(own, found, RESAMPLES, args.seed)
    write_rows(args.out, table, SUBSTITUTION)


if __name__ == "__main__":
    main()

"""Choose the exemplars of every head of a layer and summarise its metrics."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.events.selection import select_events, write_stats
from headatlas.settings.activations import Activations
from headatlas.settings.arguments import add_settings, settings_of
from headatlas.settings.events import Events
from headatlas.settings.seed import Seed

RESAMPLES = 1000  # behind the interval of a metric


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument(
        "--activations", type=Path, nargs="+", required=True, help="the layer's table of each shard"
    )
    parser.add_argument("--layer", type=int, required=True, help="number of the layer")
    parser.add_argument("--heads", type=int, nargs="+", required=True, help="heads to write")
    add_settings(parser, Events)
    add_settings(parser, Activations, "top_windows")
    add_settings(parser, Seed)
    parser.add_argument("--events", type=Path, required=True, help="table of events to write")
    parser.add_argument("--stats", type=Path, required=True, help="table of metrics to write")
    args = parser.parse_args()

    common = {"layer": args.layer, "heads": args.heads, "seed": args.seed}
    select_events(
        args.windows,
        args.activations,
        **settings_of(args, Events).model_dump(),
        top_windows=args.top_windows,
        out=args.events,
        **common,
    )
    write_stats(args.windows, args.activations, bootstrap=RESAMPLES, out=args.stats, **common)


if __name__ == "__main__":
    main()

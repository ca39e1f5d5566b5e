"""Choose the exemplars of every head of a layer and summarise its metrics."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.events.selection import select_events, write_stats


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument(
        "--activations", type=Path, nargs="+", required=True, help="the layer's table of each shard"
    )
    parser.add_argument("--layer", type=int, required=True, help="number of the layer")
    parser.add_argument("--heads", type=int, nargs="+", required=True, help="heads to write")
    parser.add_argument("--top", type=int, default=10, help="windows of largest peak, per split")
    parser.add_argument("--top-windows", type=int, default=16, help="as caching was told")
    parser.add_argument("--quantiles", type=int, default=5, help="buckets of the sampled windows")
    parser.add_argument("--per-quantile", type=int, default=2, help="windows of each bucket")
    parser.add_argument("--bootstrap", type=int, default=1000, help="resamples of an interval")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--events", type=Path, required=True, help="table of events to write")
    parser.add_argument("--stats", type=Path, required=True, help="table of metrics to write")
    args = parser.parse_args()

    common = {"layer": args.layer, "heads": args.heads, "seed": args.seed}
    select_events(
        args.windows,
        args.activations,
        top=args.top,
        top_windows=args.top_windows,
        quantiles=args.quantiles,
        per_quantile=args.per_quantile,
        out=args.events,
        **common,
    )
    write_stats(args.windows, args.activations, bootstrap=args.bootstrap, out=args.stats, **common)


if __name__ == "__main__":
    main()

"""Run the windows of one shard through a model and write the activations of each layer."""

import argparse
from pathlib import Path

from headatlas.activations.caching import cache_activations
from headatlas.errors import reported
from headatlas.records.model import ModelInfo
from headatlas.settings.activations import Activations
from headatlas.settings.arguments import add_settings
from headatlas.settings.execution import Execution
from headatlas.storage import read_record
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    add_settings(parser, Activations)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument("--shard", type=int, default=0, help="which run of the windows, from 0")
    add_settings(parser, Execution, "shards")
    parser.add_argument("--only-sampled", action="store_true", help="leave out all other windows")
    parser.add_argument("--layers", type=int, nargs="+", required=True, help="layers to write")
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the layers' tables")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    cache_activations(
        bridge,
        args.windows,
        {layer: args.out_dir / f"layer{layer:02d}.parquet" for layer in args.layers},
        shard=args.shard,
        shards=args.shards,
        kind=args.norm,
        top_windows=args.top_windows,
        top_keys=args.top_keys,
        batch_size=args.batch_size,
        only_sampled=args.only_sampled,
    )


if __name__ == "__main__":
    main()

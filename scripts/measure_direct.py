"""What the heads of some layers add to the logits: at their most active queries, and at random."""

import argparse
from pathlib import Path
from typing import Any

from headatlas.activations.direct import Query, direct_rows, queries_of
from headatlas.errors import reported
from headatlas.event_rows import random_windows
from headatlas.intervals import generator
from headatlas.names import parse_head
from headatlas.records.base import SPLITS
from headatlas.records.direct import DIRECT
from headatlas.records.events import EVENTS
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.storage import read_head, read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.circuits import Unreadable
from headatlas.subjects.loading import load_recorded


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--heads", nargs="+", required=True, help="heads, as LxxHyy")
    parser.add_argument("--events", type=Path, required=True, help="folder of the layers' events")
    add_settings(parser, Seed)
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the layers' tables")
    return parser.parse_args()


@reported
def main() -> None:
    args = parse_arguments()
    info = read_record(args.model_info, ModelInfo)
    heads = [parse_head(name) for name in args.heads]
    queries: list[Query] = []
    windows: dict[int, list[int]] = {}
    for layer, head in heads:
        events = read_head(args.events / f"layer{layer:02d}.parquet", EVENTS, head)
        for split in SPLITS:
            found = random_windows(events, split)
            windows |= {event.window: event.tokens.tolist() for event in found}
            rng = generator(args.seed, "direct", split, layer, head)
            queries += queries_of(layer, head, found, rng)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    rows: dict[int, list[dict[str, Any]]] = {layer: [] for layer, _ in heads}
    facts: dict[str, object] = {}
    try:
        for row in direct_rows(
            bridge, windows, queries, vocabulary=info.vocabulary, batch_size=args.batch_size
        ):
            rows[row["layer"]].append(row)
    except Unreadable as error:
        facts = {"reason": str(error)}
    for layer, own in rows.items():
        own.sort(key=lambda row: (row["head"], row["split"], row["window"], row["kind"]))
        write_rows(args.out_dir / f"layer{layer:02d}.parquet", own, DIRECT, facts)


if __name__ == "__main__":
    main()

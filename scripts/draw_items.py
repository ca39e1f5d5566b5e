"""Draw what judges are asked about every head of a layer, once for all who ask and score."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.events.items import draw_items, item_rows
from headatlas.records.events import EVENTS
from headatlas.records.items import ITEMS
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_head, write_rows


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="events of the layer (Parquet)")
    parser.add_argument("--layer", type=int, required=True, help="number of the layer")
    parser.add_argument("--heads", type=int, nargs="+", required=True, help="its heads")
    add_settings(parser, Scoring, "items")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    rows: list[dict[str, object]] = []
    for head in args.heads:
        events = read_head(args.events, EVENTS, head)
        drawn = draw_items(events, args.items, args.seed, args.layer, head)
        rows += item_rows(drawn, args.layer, head)
    write_rows(args.out, rows, ITEMS)


if __name__ == "__main__":
    main()

"""Draw the heads that a study is about, in proportion to families and layers, or take all."""

import argparse
from pathlib import Path

from headatlas.errors import reported
from headatlas.names import parse_head
from headatlas.records.clusters import Clusters
from headatlas.records.studies import STUDY_HEADS
from headatlas.settings.arguments import add_settings, json_reader
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_csv
from headatlas.studies.arms import HEADS
from headatlas.studies.sample import draw, family_of


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--heads",
        type=Path,
        required=True,
        help="file with the heads of each model to draw from, as LxxHyy (JSON)",
    )
    parser.add_argument("--count", type=int, help="heads of each model to draw; all if left out")
    parser.add_argument(
        "--clusters", type=Path, nargs="*", default=[], help="the families of each model (JSON)"
    )
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (CSV)")
    args = parser.parse_args()
    records = {record.model: record for p in args.clusters for record in [read_record(p, Clusters)]}
    every = json_reader(str(args.heads), HEADS.validate_json)(args.heads.read_text())
    rows: list[dict[str, object]] = []
    for model, heads in every.items():
        families = family_of(records.get(model))
        count = len(heads) if args.count is None else args.count
        for name in draw(model, heads, families, count, args.seed):
            layer, head = parse_head(name)
            rows.append(
                {"model": model, "layer": layer, "head": head, "family": families.get(name, "")}
            )
    write_csv(args.out, rows, STUDY_HEADS)


if __name__ == "__main__":
    main()

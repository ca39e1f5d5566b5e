"""Measure the features of the sampled windows, once for all heads of a model."""

import argparse
from pathlib import Path

import pyarrow.compute as pc

from headatlas.errors import reported
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.windows import write_features
from headatlas.folders import atomic_folder
from headatlas.records.base import SPLITS
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_table


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()

    columns = ["window", "split", "tokens", "pieces"]
    rows = read_table(args.windows, WINDOWS, columns, pc.field("sampled")).to_pylist()
    with atomic_folder(args.out) as folder:
        for split in SPLITS:
            own = sorted((r for r in rows if r["split"] == split), key=lambda r: r["window"])
            contexts = [Context(row["tokens"], row["pieces"]) for row in own]
            write_features(folder / split, contexts, [row["window"] for row in own])


if __name__ == "__main__":
    main()

"""Run the model without the heads of each family together, and without as many random heads."""

import argparse
from pathlib import Path

import numpy as np

from headatlas.activations.ablating_sets import losses_without
from headatlas.dependence.families import figures, random_sets
from headatlas.errors import reported
from headatlas.intervals import generator
from headatlas.names import parse_head
from headatlas.records.clusters import Clusters
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.effects import Effects
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run
from headatlas.subjects.loading import load_recorded

RESAMPLES = 1000


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    parser.add_argument("--windows", type=Path, required=True, help="windows.parquet")
    parser.add_argument("--heads", nargs="+", required=True, help="heads of the run, as LxxHyy")
    parser.add_argument("--clusters", type=Path, required=True, help="clusters.json of the run")
    add_settings(parser, Effects, "test_windows", "reference_windows", "family_draws")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="table to write (Parquet)")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    every = [parse_head(name) for name in args.heads]
    clusters = read_record(args.clusters, Clusters).clusters
    families = [[parse_head(name) for name in cluster.heads] for cluster in clusters]
    drawn = [
        random_sets(
            family, every, args.family_draws, generator(args.seed, "families", cluster.cluster)
        )
        for cluster, family in zip(clusters, families, strict=True)
    ]
    sets = [
        one for family, others in zip(families, drawn, strict=True) for one in (family, *others)
    ]
    rows: list[dict[str, object]] = []
    if sets:
        bridge = load_recorded(info, device=args.device, devices=args.devices)
        lost = iter(
            losses_without(
                bridge,
                sets,
                args.windows,
                limit=args.test_windows,
                references=args.reference_windows,
                batch_size=args.batch_size,
            )
        )
        for cluster, others in zip(clusters, drawn, strict=True):
            own, random = next(lost), np.array([next(lost) for _ in others])
            rng = generator(args.seed, "effects")
            for figure, found in figures(own, random, args.family_draws, RESAMPLES, rng):
                about = {"cluster": cluster.cluster, "heads": len(cluster.heads), "figure": figure}
                rows.append(about | found._asdict())
    write_rows(args.out, rows, FAMILY_EFFECTS)


if __name__ == "__main__":
    main()

"""Explain an attention head by executable rules, from its events on train and validation text."""

import argparse
from pathlib import Path

import numpy as np

from headatlas.errors import or_failed, reported
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.windows import read_measured
from headatlas.explainers.unexplained import failed_explanation
from headatlas.records.head import HeadRecord
from headatlas.records.stats import STATS
from headatlas.settings.arguments import add_settings, settings_of
from headatlas.settings.seed import Seed
from headatlas.settings.symbolic import Symbolic
from headatlas.storage import read_head, write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--stats", type=Path, required=True, help="head metrics of the layer")
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--round", type=int, default=0, help="round of refinement, from 0")
    parser.add_argument("--layer", type=int, required=True, help="layer of the head, from 0")
    parser.add_argument("--head", type=int, required=True, help="head within the layer, from 0")
    add_settings(parser, Symbolic)
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="explanation to write (JSON)")
    args = parser.parse_args()

    about = HeadRecord(
        model=args.model,
        corpus=args.corpus,
        explainer=args.explainer,
        round=args.round,
        layer=args.layer,
        head=args.head,
    )
    metrics = read_head(args.stats, STATS, args.head).to_pylist()
    train, validation = (read_measured(args.events, args.head, s) for s in ("train", "validation"))
    explanation = or_failed(
        lambda: explain(
            about,
            train,
            validation,
            {row["metric"]: row["value"] for row in metrics},
            settings_of(args, Symbolic),
            np.random.default_rng([args.seed, args.layer, args.head]),
        ),
        lambda reason: failed_explanation(about, reason),
    )
    write_record(args.out, explanation)


if __name__ == "__main__":
    main()

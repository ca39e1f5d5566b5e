"""Explain an attention head by a program, from its events on train and validation text.

Where a language model has proposed features, they are tried among those of the search.
"""

import argparse
from pathlib import Path

import numpy as np

from headatlas.errors import or_failed, reported
from headatlas.explainers.hybrid.search import Search
from headatlas.explainers.logit.selection import select
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.windows import read_seen
from headatlas.explainers.unexplained import failed_explanation
from headatlas.records.base import Split
from headatlas.records.head import HeadRecord
from headatlas.records.proposals import Proposals
from headatlas.settings.arguments import add_settings, settings_of
from headatlas.settings.seed import Seed
from headatlas.settings.symbolic import Symbolic
from headatlas.storage import read_record, write_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--events", type=Path, required=True, help="events of the head's layer")
    parser.add_argument("--features", type=Path, required=True, help="of the sampled windows")
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--round", type=int, default=0, help="round of refinement, from 0")
    parser.add_argument("--layer", type=int, required=True, help="layer of the head, from 0")
    parser.add_argument("--head", type=int, required=True, help="head within the layer, from 0")
    parser.add_argument(
        "--proposals", type=Path, help="features that a language model proposes (JSON)"
    )
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
    splits: tuple[Split, ...] = ("train", "validation")
    seen, contexts = {}, {}
    for split in splits:
        seen[split], contexts[split] = read_seen(args.events, args.features, args.head, split)
    proposed = Search(read_record(args.proposals, Proposals)) if args.proposals else None
    explanation = or_failed(
        lambda: explain(
            about,
            seen["train"],
            seen["validation"],
            contexts,
            settings_of(args, Symbolic),
            np.random.default_rng(args.seed),  # every head chooses from the same texts
            proposed or select,
        ),
        lambda reason: failed_explanation(about, reason),
    )
    write_record(args.out, proposed.told(explanation) if proposed else explanation)


if __name__ == "__main__":
    main()

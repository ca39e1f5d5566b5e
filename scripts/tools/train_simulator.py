"""Train a network to predict heads' activation from their explanations, and say what it is worth.

Every head is predicted, on test documents, by a network that has seen neither it nor its twins.
"""

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl
import torch

from headatlas.clustering.embeddings import EMBEDDED_ENCODER, embed
from headatlas.errors import InputError, reported
from headatlas.folders import atomic_folder
from headatlas.reading.alike import groups_of
from headatlas.reading.atlas import chosen_atlases, once_each
from headatlas.reporting.environment import environment
from headatlas.simulating.data import heads_explained, read_run, unseen
from headatlas.simulating.evaluation import PREDICTORS, evaluated, summarised
from headatlas.storage import write_text


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="?", default=Path("results"))
    parser.add_argument(
        "--run", help="only runs whose name, model/corpus/explainer/clustering, begins so"
    )
    parser.add_argument("--folds", type=int, default=5, help="parts of the heads")
    parser.add_argument("--steps", type=int, default=1500, help="of training, for each fold")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument("--encoder", default=EMBEDDED_ENCODER, help="that embeds explanations")
    parser.add_argument(
        "--out", type=Path, default=Path("results/simulator"), help="folder to write"
    )
    parser.add_argument(
        "--templates", type=Path, default=Path(__file__).parents[2] / "workflow/templates"
    )
    args = parser.parse_args()
    for name, least in (("folds", 2), ("steps", 1)):
        if (value := getattr(args, name)) < least:
            raise InputError(f"--{name} {value}; allowed: a whole number from {least}")
    torch.set_num_threads(args.threads)
    began = time.monotonic()

    atlases = [a for a in once_each(chosen_atlases(args.results, args.run)) if heads_explained(a)]
    groups = groups_of(atlases)
    learned = {groups[a.record.model, name] for a in atlases for name in heads_explained(a)}
    if len(learned) < 2:
        raise InputError(
            f"{args.results}: {len(learned)} heads have explanations that say something of their "
            "own; allowed: runs with two or more, to learn from one and to be tested on the other"
        )
    with tempfile.TemporaryDirectory() as folder:
        runs = unseen([read_run(atlas, Path(folder) / str(n)) for n, atlas in enumerate(atlases)])
        texts = sorted({head.text for run in runs for head in run.heads})
        said = dict(zip(texts, embed(texts, args.encoder), strict=True))
        rows = evaluated(runs, said, groups, folds=args.folds, steps=args.steps, seed=args.seed)
    found = summarised(rows, 1000, args.seed)
    report = (
        environment(args.templates)
        .get_template("simulator.md")
        .render(
            runs=[(run.name, len(run.heads)) for run in runs],
            groups=len(learned),
            folds=args.folds,
            steps=args.steps,
            seconds=time.monotonic() - began,
            predictors=PREDICTORS,
            found=found,
        )
    )
    with atomic_folder(args.out) as made:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(made / "simulator.csv")
        write_text(made / "report.md", report)
    print(report)


if __name__ == "__main__":
    main()

"""Grade an explainer where the truth is known: on planted models of several seeds and noises.

Every model goes through the functions that the workflow's scripts call, stage after stage, and
the explainer sees what it sees there. Then explanations are held against the answer key. One
has recovered a head's role if it names the role's sources and nothing else, and if what it
predicts for test documents agrees with what the role predicts by RECOVERED or more, which
holds its triggers to account.
"""

import argparse
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from planted_report import Graded, Told, write_report, write_tables
from planted_stages import TOKENS, Attention, Variant, make_events, make_windows, whole_attention
from planted_truth import TEXTS, covered, told, true_explanation

from headatlas.corpora.python_docs import python_documents
from headatlas.explainers.symbolic import explain as symbolic
from headatlas.explainers.symbolic.judge import judge
from headatlas.explainers.symbolic.windows import Text, read_measured, read_texts
from headatlas.records import (
    STATS,
    Explanation,
    HeadRecord,
)
from headatlas.scoring.windows import predicted_attention
from headatlas.storage import read_head, read_record, write_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.build import plant
from headatlas.subjects.planted.grading import agreement
from headatlas.subjects.planted.noise import STRENGTHS


def explain_symbolic(about: HeadRecord, events: Path, stats: Path) -> Explanation:
    """As `scripts/explain_head.py` with its defaults."""
    metrics = read_head(stats, STATS, about.head).to_pylist()
    return symbolic.explain(
        about,
        read_measured(events, about.head, "train"),
        read_measured(events, about.head, "validation"),
        {row["metric"]: row["value"] for row in metrics},
        symbolic.Limits(max_behaviours=3, min_coverage=0.1, texts=TEXTS),
        np.random.default_rng([0, about.layer, about.head]),
    )


Explainer = Callable[[HeadRecord, Path, Path], Explanation]
EXPLAINERS: dict[str, Explainer] = {"symbolic": explain_symbolic}


def grade(
    found: Explanation,
    head: PlantedHead,
    texts: Sequence[Text],
    attention: Attention,
    variant: Variant,
) -> Graded:
    """Hold an explanation against the truth on the test windows."""
    rules = found.program.rules if found.program else []
    sources = {rule.source for rule in rules} - {"first_token"}
    behaviours = [b for b in found.behaviours if (b.family == "sink") == (not sources)]
    truth = true_explanation(head)
    explained, role = found.status == "explained", head.role != "noise"
    return Graded(
        seed=variant.seed,
        noise=variant.noise,
        layer=head.layer,
        head=head.head,
        role=head.role,
        status=found.status,
        sources=" + ".join(sorted(sources)) or ("first_token" if explained else ""),
        named=explained and sources == {r.source for r in head.rules} - {"first_token"},
        agreement=agreement(attention_of(found, texts), attention_of(truth, texts))
        if explained and role
        else None,
        stated=sum(b.coverage or 0 for b in behaviours) if explained else None,
        true=covered(head, attention, texts) if role else None,
    )


def attention_of(explanation: Explanation, texts: Sequence[Text]) -> list[np.ndarray]:
    """What an explanation predicts for each window."""
    return [predicted_attention(p, TOKENS) for p in judge(explanation, texts).predictions]


def study(variant: Variant, explainer: str) -> tuple[list[Graded], list[Told]]:
    """Run one model through all stages and grade what comes out."""
    torch.set_num_threads(1)
    key = read_record(variant.model / ANSWER_KEY, AnswerKey)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    make_events(bridge, variant)
    attention = whole_attention(bridge, variant)
    texts = read_texts(variant.table("events", 0), 0, ["test"])
    graded = []
    for head in key.heads:
        about = HeadRecord(
            model=variant.folder.name,
            corpus="python-docs",
            explainer=explainer,
            round=0,
            layer=head.layer,
            head=head.head,
        )
        events, stats = (variant.table(stage, head.layer) for stage in ("events", "stats"))
        found = EXPLAINERS[explainer](about, events, stats)
        write_record(variant.explanation(head.layer, head.head), found)
        graded.append(grade(found, head, texts, attention, variant))
    planted = [head for head in key.heads if head.role != "noise"]
    return graded, told(bridge, variant, planted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="models of each noise strength")
    parser.add_argument(
        "--noise", nargs="+", default=list(STRENGTHS), choices=list(STRENGTHS), help="strengths"
    )
    parser.add_argument("--explainer", default="symbolic", choices=list(EXPLAINERS))
    parser.add_argument("--jobs", type=int, default=2, help="models at once")
    parser.add_argument("--work", type=Path, required=True, help="folder of all files")
    parser.add_argument(
        "--report-only", action="store_true", help="on the tables that are there, without a run"
    )
    args = parser.parse_args()
    if not args.report_only:
        run(args)
    print(write_report(args.work))


def run(args: argparse.Namespace) -> None:
    """Plant the models, explain and grade them, and write the tables."""
    variants = [
        Variant(seed, noise, args.work) for noise in args.noise for seed in range(args.seeds)
    ]
    texts = [document.text for document in python_documents(held_out=False)]
    for variant in variants:
        plant(variant.seed, variant.noise, texts, variant.model)
    make_windows(variants[0])
    one = partial(study, explainer=args.explainer)
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        graded, judged = zip(*pool.map(one, variants), strict=True)
    chained = itertools.chain.from_iterable
    write_tables(args.work, list(chained(graded)), list(chained(judged)))


if __name__ == "__main__":
    main()

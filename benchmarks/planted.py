"""Grade an explainer where the truth is known: on planted models of several seeds and noises.

Every model goes through the functions that the workflow's scripts call, stage after stage, and
the explainer sees what it sees there; or, with `--only`, the models are planted for the workflow,
and its results graded. Then explanations are held against the answer key. One has recovered a
head's role if it names the role's sources and nothing else, and if what it predicts for test
documents agrees with what the role predicts by RECOVERED or more, which holds its triggers to
account. One without a program names by the families of its behaviours, and without predictions
that is all that can be graded, beside its scores; what it says in words a language model that knows
the truth can grade (`--grader`).
"""

import argparse
import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from planted_config import CONFIGURATION, client_of, entry, read_configuration
from planted_report import write_report, write_tables
from planted_rows import Findings, Graded, Scored, Told
from planted_stages import (
    CORPUS,
    Attention,
    Variant,
    make_events,
    make_windows,
    models_folder,
    whole_attention,
)
from planted_truth import (
    TEXTS,
    Passage,
    covered,
    named,
    read_passages,
    told,
    true_predictions,
)
from planted_words import grade_words
from transformer_lens.model_bridge import TransformerBridge

from headatlas.corpora.python_docs import python_documents
from headatlas.errors import reported
from headatlas.explainers.logit.selection import select
from headatlas.explainers.symbolic import explain as symbolic
from headatlas.explainers.symbolic.language import parse_source
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.windows import read_features, read_seen
from headatlas.explainers.symbolic.wording import family
from headatlas.measures import MEASURES
from headatlas.predictions import Predictions, read_predictions, write_predictions
from headatlas.records.base import Split
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.scores import HeadScores
from headatlas.settings.symbolic import Symbolic
from headatlas.storage import read_record, write_record
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.build import plant
from headatlas.subjects.planted.grading import agreement
from headatlas.subjects.planted.noise import STRENGTHS


def explain_symbolic(
    about: HeadRecord, events: Path, features: Path, search: symbolic.Search = select
) -> Explanation:
    """As `scripts/explain_head.py` with its defaults."""
    splits: tuple[Split, ...] = ("train", "validation")
    seen, contexts = {}, {}
    for split in splits:
        seen[split], contexts[split] = read_seen(events, features, about.head, split)
    return symbolic.explain(
        about,
        seen["train"],
        seen["validation"],
        contexts,
        Symbolic(texts=TEXTS),
        np.random.default_rng([0, about.layer, about.head]),
        search,
    )


Explainer = Callable[[HeadRecord, Path, Path], Explanation]
EXPLAINERS: dict[str, Explainer] = {"symbolic": explain_symbolic}


def explain_all(variant: Variant, key: AnswerKey, bridge: TransformerBridge) -> None:
    """All stages up to explanations and what they predict."""
    make_windows(variant)
    make_events(bridge, variant)
    explain_heads(variant, key.heads, EXPLAINERS[variant.explainer])


def explain_heads(variant: Variant, heads: Sequence[PlantedHead], explain: Explainer) -> None:
    """Explanations, and what they predict, of a variant whose events are there."""
    held_out: tuple[Split, ...] = ("validation", "test")
    features = {split: read_features(variant.features, split) for split in held_out}
    for head in heads:
        about = HeadRecord(
            model=variant.name,
            corpus=CORPUS,
            explainer=variant.explainer,
            round=0,
            layer=head.layer,
            head=head.head,
        )
        found = explain(about, variant.table("events", head.layer), variant.features)
        write_record(variant.record("explanations", head.layer, head.head), found)
        predicted = predictions_of(found, features)
        write_predictions(variant.predictions(head.layer, head.head), predicted)


def grade(
    head: PlantedHead, texts: Sequence[Passage], attention: Attention, variant: Variant
) -> Graded:
    """Hold the explanation of a head against the truth on the test windows."""
    found = read_record(variant.record("explanations", head.layer, head.head), Explanation)
    told = predictions_on_disk(variant, head)
    true_rows = [window.attention for window in true_predictions(head, texts).windows]
    scores = scores_on_disk(variant, head)
    names, true_names = names_of(found), {rule.source for rule in head.rules} - {"first_token"}
    if not found.program:
        true_names = {family(parse_source(source)) for source in true_names}
    behaviours = [b for b in found.behaviours if (b.family == "sink") == (not names)]
    explained, role = found.status == "explained", head.role != "noise"
    predicted = named(found, told, texts) if explained and role and told.windows else []
    return Graded(
        seed=variant.seed,
        noise=variant.noise,
        layer=head.layer,
        head=head.head,
        role=head.role,
        status=found.status,
        verdict=scores.verdict.status if scores else "",
        sources=" + ".join(sorted(names)) or ("first_token" if explained else ""),
        named=explained and (names == true_names or (not head.exact and names > true_names)),
        agreement=agreement(predicted, true_rows) if predicted else None,
        predicts=bool(told.windows),
        stated=sum(map(covers, behaviours)) if explained else None,
        true=covered(head, attention, texts) if role else None,
    )


def covers(behaviour: Behaviour) -> float:
    """Share of all attention that a behaviour accounts for, as it is told."""
    return (behaviour.share or 0) * (behaviour.frequency or 0)


def names_of(found: Explanation) -> set[str]:
    """What it attends to but the first token: sources, or families where it has no program."""
    if found.program:
        told = [b for b in found.behaviours if b.source and b.family != "avoidance"]
        return {str(b.source) for b in told} - {"first_token"}
    return {behaviour.family for behaviour in found.behaviours} - {"sink"}


def predictions_on_disk(variant: Variant, head: PlantedHead) -> Predictions:
    """What the program of the explanation predicts; nothing for one in words alone."""
    path, at = variant.predictions(head.layer, head.head), (head.layer, head.head)
    return read_predictions(path, at) if path.exists() else Predictions(at)


def scores_on_disk(variant: Variant, head: PlantedHead) -> HeadScores | None:
    """The scores of the explanation and the verdict on it, which only the workflow makes."""
    path = variant.record("scores", head.layer, head.head)
    return read_record(path, HeadScores) if path.exists() else None


def scored(variant: Variant, head: PlantedHead) -> list[Scored]:
    """What the workflow measured on test text, and on the explanation's own."""
    record = scores_on_disk(variant, head)
    names = {measure.name for measure in MEASURES}
    return [
        Scored(variant.seed, variant.noise, head.layer, head.head, head.role, s.metric, s.value)
        for s in (record.scores if record else [])
        if s.split in ("test", "probes") and s.metric in names
    ]


def study(variant: Variant, *, explain: bool) -> tuple[list[Graded], list[Scored], list[Told]]:
    """Grade one model's explanations, and the scores by the truth; `explain` them first."""
    torch.set_num_threads(1)
    key = read_record(variant.model / ANSWER_KEY, AnswerKey)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    if explain:
        explain_all(variant, key, bridge)
    attention = whole_attention(bridge, variant)
    texts = read_passages(variant, "test")
    graded = [grade(head, texts, attention, variant) for head in key.heads]
    scores = [score for head in key.heads for score in scored(variant, head)]
    planted = [head for head in key.heads if head.role != "noise"]
    return graded, scores, told(bridge, variant, planted)


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="models of each noise strength")
    parser.add_argument(
        "--noise", nargs="+", default=list(STRENGTHS), choices=list(STRENGTHS), help="strengths"
    )
    parser.add_argument(
        "--explainer", default="symbolic", help="name in the results; symbolic unless --only grade"
    )
    parser.add_argument("--grader", help="endpoint that grades what explanations say in words")
    parser.add_argument(
        "--config",
        type=Path,
        nargs="+",
        default=CONFIGURATION,
        help="configuration that names explainer and grader, later files over earlier ones",
    )
    parser.add_argument("--jobs", type=int, default=2, help="models at once")
    parser.add_argument("--work", type=Path, required=True, help="folder of all files")
    parser.add_argument(
        "--only",
        choices=["plant", "grade", "report"],
        help="plant the models; grade the results that are there; report on the grades there",
    )
    args = parser.parse_args()

    config = read_configuration(args.config)
    round = 0
    if args.only == "grade":  # of the workflow, whose last round is published
        round = entry(config, "explainers", args.explainer).get("rounds", 0)
    grader = args.grader and client_of(config, args.grader, args.work / "replies", os.environ)
    variants = [
        Variant(seed, noise, args.work, args.explainer, round)
        for noise in args.noise
        for seed in range(args.seeds)
    ]
    if args.only in (None, "plant"):
        texts = [document.text for document in python_documents(held_out=False)]
        for variant in variants:
            plant(variant.seed, variant.noise, texts, variant.model)
    if args.only in (None, "grade"):
        one = partial(study, explain=args.only is None)
        with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
            found = zip(*pool.map(one, variants), strict=True)
            graded, scores, judged = (list(itertools.chain(*rows)) for rows in found)
        words = asyncio.run(grade_words(variants, grader)) if grader else []
        write_tables(models_folder(args.work), Findings(graded, scores, judged, words))
    if args.only != "plant":
        print(write_report(models_folder(args.work)))


if __name__ == "__main__":
    main()

"""How often each quality flag is right, on planted heads: explained, and explained as another head.

An explanation is wrong if it has not recovered its head, as `planted.py` and `planted_harder.py`
grade that, or if the head has random weights. A control is the explanation of a head of another
role, held against this head's attention: it is wrong. Precision is the share of wrong ones among
those that have the flag; it stands beside the share of wrong ones among all, which a flag that is
raised at random would have.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from planted import explain_all, grade
from planted_harder import explanation_of, found_of
from planted_stages import Variant, models_folder, whole_attention
from planted_truth import read_passages

from headatlas.corpora.python_docs import python_documents
from headatlas.errors import reported
from headatlas.event_rows import random_windows
from headatlas.flags import FLAGS, Evidence, flags_of
from headatlas.intervals import generator
from headatlas.measures import attention_explained, attention_gain
from headatlas.predictions import Predictions, baselines, read_predictions
from headatlas.records.events import EVENTS
from headatlas.records.scores import Score
from headatlas.scoring.alike import alike_in_predictions
from headatlas.scoring.on_windows import score_windows
from headatlas.statistics.proportion import wilson
from headatlas.storage import read_head, read_record, write_text
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.build import plant
from headatlas.subjects.planted.harder import LAYERS as HARDER_LAYERS
from headatlas.subjects.planted.harder import plant_harder
from headatlas.subjects.planted.noise import STRENGTHS

MEASURED = (attention_explained.MEASURE, attention_gain.MEASURE)
RESAMPLES = 200


class Flagged(NamedTuple):
    """An explanation of a head, and the flags that are raised for it."""

    noise: str
    own: bool
    "whether it is the head's own; else it is a control"
    wrong: bool
    flags: frozenset[str]


def study(variant: Variant) -> list[Flagged]:
    """Explain the heads of a model, hold flags against the truth, and again with other heads'."""
    torch.set_num_threads(1)
    key = read_record(variant.model / ANSWER_KEY, AnswerKey)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    explain_all(variant, key, bridge)
    attention = whole_attention(bridge, variant)
    texts = read_passages(variant, "test")
    told = [h for h in key.heads if explanation_of(variant, h).program]
    predicted = {(h.layer, h.head): _predictions(variant, h) for h in told}
    alike = alike_in_predictions(predicted.values())
    rows = []
    for number, head in enumerate(told):
        at = head.layer, head.head
        if variant.kind == "harder":
            seen = list(attention[:, head.layer, head.head])
            recovered = found_of(variant, head, seen).recovered
        else:
            recovered = grade(head, texts, attention, variant).recovered
        others = [other for other in told if other.role != head.role]
        rng = np.random.default_rng([variant.seed, number])
        for of in (head, others[int(rng.integers(len(others)))]):
            evidence = Evidence(
                explanation_of(variant, of),
                _scores(variant, head, predicted[of.layer, of.head], predicted[at]),
                [str(twin) for twin in alike.twins((of.layer, of.head))],
                len(key.heads),
            )
            names = frozenset(raised.flag.name for raised in flags_of(evidence))
            rows.append(Flagged(key.noise, of is head, of is not head or not recovered, names))
    return rows


def _predictions(variant: Variant, head: PlantedHead) -> Predictions:
    at = head.layer, head.head
    return read_predictions(variant.predictions(*at), at)


def _scores(
    variant: Variant, head: PlantedHead, explained: Predictions, own: Predictions
) -> dict[tuple[str, str], Score]:
    """The scores on test text that flags read, over the position model of the head itself."""
    position = {(w.split, w.window): w.position for w in own.windows}
    windows = [w._replace(position=position[w.split, w.window]) for w in explained.windows]
    predicted = Predictions((head.layer, head.head), windows)
    events = read_head(variant.table("events", head.layer), EVENTS, head.head)
    found = score_windows(
        MEASURED,
        random_windows(events, "test"),
        predicted,
        baselines(predicted),
        RESAMPLES,
        generator(0, head.layer, head.head),
    )
    return {
        ("test", name): Score(split="test", metric=name, **estimate._asdict())
        for name, estimate in found.items()
    }


def report(rows: Sequence[Flagged]) -> str:
    """The table, in Markdown."""
    header = (
        "flag",
        "raised",
        "own explanation wrong",
        "other heads' explanations",
        "of the wrong ones, flagged",
    )
    lines = [header, ("---", *["---:"] * (len(header) - 1))]
    own, controls = ([row for row in rows if row.own == which] for which in (True, False))
    wrong = [row for row in own if row.wrong]
    lines.append(
        ("any or none", str(len(rows)), _of(wrong, own), f"{len(controls)}, all wrong", "")
    )
    for flag in FLAGS:
        mine, others = ([row for row in some if flag.name in row.flags] for some in (own, controls))
        found = [row for row in mine if row.wrong]
        lines.append(
            (
                flag.label,
                str(len(mine) + len(others)),
                _of(found, mine),
                f"{len(others)} of {len(controls)} raised",
                _of(found, wrong),
            )
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _of(some: Sequence[Flagged], every: Sequence[Flagged]) -> str:
    if not every:
        return "none"
    low, high = wilson(len(some), len(every))
    return f"{len(some)} of {len(every)}, {len(some) / len(every):.2f} [{low:.2f}, {high:.2f}]"


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="models of each kind and noise")
    parser.add_argument(
        "--noise", nargs="+", default=list(STRENGTHS), choices=list(STRENGTHS), help="strengths"
    )
    parser.add_argument("--jobs", type=int, default=2, help="models at once")
    parser.add_argument("--work", type=Path, required=True, help="folder of all files")
    args = parser.parse_args()
    texts = [document.text for document in python_documents(held_out=False)]
    variants = []
    for noise in args.noise:
        for seed in range(args.seeds):
            easy = Variant(seed, noise, args.work, "symbolic")
            plant(seed, noise, texts, easy.model)
            variants.append(easy)
    for seed in range(args.seeds):  # with noise even the truth does not agree by RECOVERED
        hard = Variant(seed, "none", args.work, "symbolic", kind="harder", layers=HARDER_LAYERS)
        plant_harder(seed, "none", texts, hard.model)
        variants.append(hard)
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        rows = list(chain.from_iterable(pool.map(study, variants)))
    table = report(rows)
    write_text(models_folder(args.work) / "flags.md", table)
    print(table)


if __name__ == "__main__":
    main()

"""Grade the symbolic explainer on harder planted models: what it says of what it cannot say.

An explanation has recovered a head if what it predicts for test documents agrees with the head's
attention by RECOVERED or more; one whose role can be said must also name its sources, and of a set
at least half of the tokens. What is told of the other roles stands in the table. Each head is
explained twice more: with the truth about it proposed to the search, as a language model would
that knows it, and with nonsense.
"""

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from planted import explain_all, names_of
from planted_proposals import proposed_variants
from planted_rows import RECOVERED
from planted_stages import Variant, models_folder, whole_attention

from headatlas.clustering.weights import weight_points
from headatlas.corpora.python_docs import python_documents
from headatlas.errors import reported
from headatlas.predictions import read_predictions
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.storage import read_record, write_text
from headatlas.subjects.loading import load_subject
from headatlas.subjects.planted.answer_key import ANSWER_KEY, AnswerKey, PlantedHead
from headatlas.subjects.planted.harder import LAYERS, ROLES, plant_harder
from headatlas.subjects.planted.noise import STRENGTHS

TOLD = 0.01  # of what there is to explain a piece must add to stand in the table
_LIST = re.compile(r"(\w*tokens)\(([\d, ]+)\)")
_ARGUMENTS = re.compile(r"(\w*tokens|recent)\([\d, ]+\)")


class Found(NamedTuple):
    """How an explanation of a head fares."""

    agreement: float | None
    "None where nothing is said"
    named: bool | None
    "whether it names the sources; None where the language cannot"
    listed: tuple[int, int, int]
    "tokens of the planted sets, those of them that are listed, and all that are"

    @property
    def recovered(self) -> bool:
        return (self.agreement or 0) >= RECOVERED and self.named is not False


class Told(NamedTuple):
    """What was made of one head."""

    role: str
    noise: str
    said: str
    "sources and triggers; of lists no tokens"
    found: Found
    helped: Found
    "where the truth was proposed to the search"
    misled: bool
    "whether nonsense that was proposed changed the program"
    twin: float
    "likeness to the explanation of its twin, by weights: 1 the same"
    stranger: float
    "likeness to that of the other role that is most like it"


def agreement(
    predicted: Sequence[Float[np.ndarray, "query key"]],
    seen: Sequence[Float[np.ndarray, "query key"]],
) -> float:
    """1 - total variation distance, mean over queries at which either does not rest."""
    shares = []
    for one, other in zip(predicted, seen, strict=True):
        acts = (one[:, 0] < 0.5) | (other[:, 0] < 0.5)
        acts[0] = False
        shares.append(1 - np.abs(one - other)[acts].sum(axis=1) / 2)
    return float(np.concatenate(shares).mean()) if any(map(len, shares)) else 1.0


def tokens_of(expressions: Sequence[str]) -> set[tuple[str, str]]:
    """The tokens that sources and triggers list, with where they are listed."""
    lists = chain.from_iterable(_LIST.findall(expression) for expression in expressions)
    return {(name, token) for name, ids in lists for token in ids.split(", ")}


def study(variant: Variant) -> list[Told]:
    """Explain a model and hold what is said of its heads against how they were built."""
    torch.set_num_threads(1)
    key = read_record(variant.model / ANSWER_KEY, AnswerKey)
    bridge = load_subject(str(variant.model), None, dtype="float32", device="cpu")
    explain_all(variant, key, bridge)
    told, misled = proposed_variants(variant, key.heads)
    attention = whole_attention(bridge, variant)
    found, nonsense = (
        [explanation_of(which, head) for head in key.heads] for which in (variant, misled)
    )
    points = weight_points(found)
    alike = points @ points.T
    roles = np.array([head.role for head in key.heads])
    rows = []
    for n, head in enumerate(key.heads):
        own = np.flatnonzero(roles == head.role)
        seen = list(attention[:, head.layer, head.head])
        rows.append(
            Told(
                head.role,
                key.noise,
                _said(found[n]),
                found_of(variant, head, seen),
                found_of(told, head, seen),
                nonsense[n].program != found[n].program,
                float(alike[n, own[own != n]].max()),
                float(alike[n, roles != head.role].max()),
            )
        )
    return rows


def explanation_of(variant: Variant, head: PlantedHead) -> Explanation:
    return read_record(variant.record("explanations", head.layer, head.head), Explanation)


def found_of(
    variant: Variant, head: PlantedHead, seen: Sequence[Float[np.ndarray, "query key"]]
) -> Found:
    found, at = explanation_of(variant, head), (head.layer, head.head)
    agrees = None
    if found.program:
        windows = read_predictions(variant.predictions(*at), at).of_split("test")
        agrees = agreement([window.attention for window in windows], seen)
    planted = tokens_of([text for rule in head.rules for text in (rule.source, rule.trigger)])
    listed = tokens_of([t for b in _pieces(found) for t in (b.source or "", b.trigger or "")])
    bare = {_ARGUMENTS.sub(r"\1", name) for name in names_of(found)}
    named = {_ARGUMENTS.sub(r"\1", rule.source) for rule in head.rules} <= bare
    if planted:
        named &= len(planted & listed) >= len(planted) / 2
    counts = len(planted), len(planted & listed), len(listed)
    return Found(agrees, named if head.rules else None, counts)


def _pieces(found: Explanation) -> list[Behaviour]:
    return [b for b in found.behaviours if (b.adds or 0) >= TOLD]


def _said(found: Explanation) -> str:
    said = [
        _LIST.sub(r"\1", f"{b.source} at {b.trigger}").removesuffix(" at any")
        for b in _pieces(found)
    ]
    return "; ".join(dict.fromkeys(said)) or "nothing"


def report(rows: Sequence[Told]) -> str:
    """The table, in Markdown: a row for each role and noise."""
    header = (
        "role",
        "noise",
        "can be said",
        "recovered",
        "agreement",
        "planted tokens listed",
        "recovered, truth proposed",
        "agreement, truth proposed",
        "planted tokens listed, truth proposed",
        "changed by nonsense",
        "alike: twins",
        "alike: others",
        "said most often",
    )
    lines = [header, ("---",) * len(header)]
    for role in ROLES:
        for noise in dict.fromkeys(row.noise for row in rows):
            own = [row for row in rows if (row.role, row.noise) == (role.name, noise)]
            most, times = Counter(row.said for row in own).most_common(1)[0]
            lines.append(
                (
                    role.words,
                    noise,
                    "yes" if role.rules else "no",
                    *_fares([row.found for row in own]),
                    *_fares([row.helped for row in own]),
                    f"{sum(row.misled for row in own)} of {len(own)}",
                    *(
                        _mean([value for row, value in values if row.found.agreement is not None])
                        for values in (
                            [(row, row.twin) for row in own],
                            [(row, row.stranger) for row in own],
                        )
                    ),
                    f"{most} ({times} of {len(own)})",
                )
            )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _fares(found: Sequence[Found]) -> tuple[str, str, str]:
    """How many are recovered, how well they agree, and what of the planted sets they list."""
    planted, hit, listed = np.sum([one.listed for one in found], axis=0)
    return (
        f"{sum(one.recovered for one in found)} of {len(found)}",
        _mean([one.agreement for one in found]),
        f"{hit} of {planted}, {listed - hit} others" if planted else "",
    )


def _mean(values: Sequence[float | None]) -> str:
    """Of those that are there."""
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "–"


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="models of each noise strength")
    parser.add_argument(
        "--noise", nargs="+", default=["none", "medium"], choices=list(STRENGTHS), help="strengths"
    )
    parser.add_argument("--jobs", type=int, default=2, help="models at once")
    parser.add_argument("--work", type=Path, required=True, help="folder of all files")
    args = parser.parse_args()
    variants = [
        Variant(seed, noise, args.work, "symbolic", kind="harder", layers=LAYERS)
        for noise in args.noise
        for seed in range(args.seeds)
    ]
    texts = [document.text for document in python_documents(held_out=False)]
    for variant in variants:
        plant_harder(variant.seed, variant.noise, texts, variant.model)
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        rows = list(chain.from_iterable(pool.map(study, variants)))
    table = report(rows)
    write_text(models_folder(args.work) / "harder.md", table)
    print(table)


if __name__ == "__main__":
    main()

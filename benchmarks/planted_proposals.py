"""Explanations of planted heads with proposals: by who knows their sets, and by who does not.

Both answer as a language model would, to the prompts of the workflow, and are read by its code.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from planted import explain_heads, explain_symbolic
from planted_stages import Variant

from headatlas.explainers.hybrid.propose import Settings, propose
from headatlas.explainers.hybrid.search import Search
from headatlas.explainers.llm.exemplars import read_seen
from headatlas.explainers.llm.text import token_text
from headatlas.llm.rehearsal import Rehearsal
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.settings.endpoint import Connection, Sampling
from headatlas.subjects.planted.answer_key import PlantedHead
from headatlas.subjects.planted.harder import LISTED
from headatlas.tokens.pieces import pieces_of
from headatlas.tokens.tokenizer import open_tokenizer

Answer = Callable[[PlantedHead], str]
_LISTED = re.compile(r"(\w+)(?:\(([\d, ]+)\))?")
SETTINGS = Settings("marked", exemplars=3, draws=1, proposals=8, seed=0)


def all_pieces(model: Path) -> dict[int, str]:
    """The texts of all tokens of a model, by their ids."""
    tokenizer = open_tokenizer(str(model))
    return dict(enumerate(pieces_of(tokenizer, range(len(tokenizer)))))


def truthful(pieces: Mapping[int, str]) -> Answer:
    """Proposes what a head was built to do, and nothing where that cannot be said."""

    def answer(head: PlantedHead) -> str:
        return said([_feature(rule.source, rule.trigger, pieces) for rule in head.rules])

    return answer


def nonsensical(pieces: Mapping[int, str], seed: int) -> Answer:
    """Proposes sets drawn at random, as large as the planted ones, and an invalid feature."""

    def answer(head: PlantedHead) -> str:
        rng = np.random.default_rng([seed, head.layer, head.head])
        drawn = [sorted(rng.choice(list(pieces), LISTED, replace=False).tolist()) for _ in range(3)]
        lists = [", ".join(map(str, ids)) for ids in drawn]
        features = [
            (f"tokens({lists[0]})", "any"),
            (f"after_tokens({lists[1]})", "any"),
            ("previous_token", f"at_tokens({lists[2]})"),
            ("the important words", "always"),
        ]
        return said([_feature(*feature, pieces) for feature in features])

    return answer


def said(features: Sequence[dict[str, object]]) -> str:
    return json.dumps({"proposals": features})


def _feature(source: str, trigger: str, pieces: Mapping[int, str]) -> dict[str, object]:
    """As a language model writes it: lists by the texts of tokens."""
    found: dict[str, object] = {}
    for name, expression in (("source", source), ("trigger", trigger)):
        listed = _LISTED.fullmatch(expression)
        ids = listed[2].split(", ") if listed and "tokens" in expression else []
        found[name] = listed[1] if listed and ids else expression
        found[f"{name}_tokens"] = [token_text(pieces[int(token)]) for token in ids]
    return found


def explain_proposed(variant: Variant, heads: Sequence[PlantedHead], answer: Answer) -> None:
    """Explanations, and what they predict, of a variant whose events are there."""
    replies = {(head.layer, head.head): answer(head) for head in heads}

    def explain(about: HeadRecord, events: Path, features: Path) -> Explanation:
        client = Rehearsal(
            Sampling(model="scripted"),
            Connection(base_url="http://nowhere"),
            lambda *_: replies[about.layer, about.head],
        )
        asking = propose(about, read_seen(events, about.head), [], SETTINGS, client)
        search = Search(asyncio.run(asking))
        return search.told(explain_symbolic(about, events, features, search))

    explain_heads(variant, heads, explain)


def proposed_variants(variant: Variant, heads: Sequence[PlantedHead]) -> tuple[Variant, Variant]:
    """The variant explained with the truth proposed, and with nonsense."""
    pieces = all_pieces(variant.model)
    told, misled = (replace(variant, explainer=name) for name in ("told", "misled"))
    explain_proposed(told, heads, truthful(pieces))
    explain_proposed(misled, heads, nonsensical(pieces, variant.seed))
    return told, misled

"""From a head's events to the explanation of a language model: several asked for, one kept."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ...event_rows import Event, events_of, texts_of
from ...items import Item
from ...llm.client import Client, Message
from ...llm.usage import rounded
from ...records.explanation import Candidate, Explanation
from ...records.head import HeadRecord
from ..unexplained import failed_explanation
from .candidates import Asking, Trial, best, propose, usage_of
from .exemplars import (
    Excerpt,
    Format,
    choose_exemplars,
    excerpt,
    largest_activation,
)
from .prompts import Evidence, explain_messages


class Settings(NamedTuple):
    """What the user sets."""

    format: Format
    exemplars: int  # in a prompt
    few_shot: int  # worked examples in a prompt
    candidates: int  # explanations proposed in a round
    items_per_call: int
    texts: int  # test texts of each kind
    seed: int


async def explain(
    about: HeadRecord,
    events: pa.Table,
    items: Sequence[Item],
    evidence: Evidence,
    settings: Settings,
    explainer: Client,
    judge: Client,
    earlier: Sequence[Candidate] = (),
) -> Explanation:
    """Ask for explanations of a head and keep the one that a judge can predict most from.

    `events` are those of the head (`exemplars.read_seen`): exemplars come from the train
    split; `items`, of the validation split, are what the judge is asked; `earlier` candidates are
    those of the rounds before. A head whose activation is not finite, for which no reply could be
    used, or for which the budget was too small, is `failed`. Raises AskError if the server is away.
    """
    if reason := not_finite(events_of(events, ["train"])):
        return failed_explanation(about, reason)
    prompts = prompts_of(about, events, evidence, settings)
    trial = trial_of(events, items, settings, judge)
    asking = Asking(about, evidence.reply, settings.texts, explainer, trial)
    proposals = await propose(asking, prompts, earlier)
    candidates = [proposal.candidate for proposal in proposals]
    stopped = [proposal.candidate for proposal in proposals if proposal.budget_spent]
    chosen = None if stopped else best(proposals)
    explanation = chosen.explanation if chosen else None
    if explanation is None:
        explanation = failed_explanation(about, _reasons(stopped or candidates))
    return explanation.model_copy(
        update={"candidates": candidates, "usage": rounded(usage_of(explainer, judge))}
    )


def prompts_of(
    about: HeadRecord, events: pa.Table, evidence: Evidence, settings: Settings
) -> list[list[Message]]:
    """The prompts of the first round, one for each candidate. Nothing is asked."""
    return [
        explain_messages(excerpts, evidence, settings.format, settings.few_shot, settings.texts)
        for excerpts in drawn_excerpts(about, events_of(events, ["train"]), settings)
    ]


def drawn_excerpts(
    about: HeadRecord, train: Sequence[Event], settings: Settings
) -> list[list[Excerpt]]:
    """The exemplars that each candidate sees: the first the strongest, the others a draw each."""
    largest = largest_activation(train)
    draws = []
    for number in range(settings.candidates):
        seed = [settings.seed, about.layer, about.head, about.round, number]
        rng = np.random.default_rng(seed) if number else None
        chosen = choose_exemplars(train, settings.exemplars, rng)
        draws.append([excerpt(event, largest) for event in chosen])
    return draws


def trial_of(events: pa.Table, items: Sequence[Item], settings: Settings, judge: Client) -> Trial:
    """The head's validation items, the same in every round."""
    pieces = {text.window: text.pieces for text in texts_of(events, ["validation"])}
    return Trial(judge, items, pieces, settings.items_per_call)


def not_finite(events: Sequence[Event]) -> str | None:
    """Why the head cannot be explained, if its activation holds infinity or NaN."""
    spoiled = sum(not np.isfinite(event.activation).all() for event in events)
    if not spoiled:
        return None
    return (
        f"The head's activation is not finite in {spoiled} of {len(events)} exemplars:"
        " the model overflows in the precision it was run in"
    )


def _reasons(candidates: Sequence[Candidate]) -> str:
    """The reasons of all candidates, each once."""
    return "; ".join(dict.fromkeys(candidate.reason or "" for candidate in candidates))

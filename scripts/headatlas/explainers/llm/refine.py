"""A round of revision: the explanation's wrong answers are shown, and better ones asked for."""

from collections.abc import Sequence

import pyarrow as pa

from ...event_rows import events_of, random_windows
from ...items import Item
from ...llm.client import BudgetSpent, Client, Message, Refused
from ...llm.usage import rounded, since
from ...records.explanation import Candidate, Explanation
from ...records.head import HeadRecord
from ...records.judgement import Answer
from .candidates import Asking, best, propose, rank, score_of, usage_of
from .exemplars import largest_activation
from .explain import Settings, drawn_excerpts, explain, trial_of
from .misses import misses_of, wrong_items
from .prompts import Evidence, revise_messages


async def revise(
    about: HeadRecord,
    previous: Explanation,
    events: pa.Table,
    items: Sequence[Item],
    evidence: Evidence,
    settings: Settings,
    explainer: Client,
    judge: Client,
) -> Explanation:
    """The previous explanation or a better one: one with a higher score on validation text.

    A head that was not explained is tried again as in the first round. An explanation
    without a wrong answer, or one that cannot be judged, is carried on.
    Raises AskError if the server is away.
    """
    if previous.status != "explained":
        earlier = previous.candidates
        found = await explain(about, events, items, evidence, settings, explainer, judge, earlier)
        return found.model_copy(update={"candidates": earlier + found.candidates})
    kept = previous.model_copy(update=about.model_dump())
    candidates: list[Candidate] = []
    answers: list[Answer] = []
    trial = trial_of(events, items, settings, judge)
    try:
        answers = await trial.answers(previous)
    except (BudgetSpent, Refused) as error:
        candidates.append(_unjudged(about, str(error)))
    before = usage_of(explainer, judge)  # these answers were paid for in the round before
    if wrong := wrong_items(trial.items, answers):
        prompts = revise_prompts(
            about, previous, events, evidence, settings, wrong, asked=len(answers)
        )
        asking = Asking(about, evidence.reply, settings.texts, explainer, trial)
        proposals = await propose(asking, prompts, previous.candidates)
        candidates = [proposal.candidate for proposal in proposals]
        chosen, score = best(proposals), score_of(answers, trial.items)
        if chosen and chosen.explanation and rank(chosen.candidate.score) > rank(score):
            kept = chosen.explanation
    return kept.model_copy(
        update={
            "candidates": previous.candidates + candidates,
            "usage": rounded(since(usage_of(explainer, judge), before)),
        }
    )


def revise_prompts(
    about: HeadRecord,
    previous: Explanation,
    events: pa.Table,
    evidence: Evidence,
    settings: Settings,
    wrong: Sequence[Item],
    asked: int,
) -> list[list[Message]]:
    """The prompts of a revision, one for each candidate, with what was `wrong` of `asked`."""
    train = events_of(events, ["train"])
    tried = {event.window: event for event in random_windows(events, "validation")}
    misses = misses_of(wrong, tried, largest_activation(train))
    return [
        revise_messages(
            excerpts,
            evidence,
            previous,
            misses,
            asked=asked,
            wrong=len(wrong),
            form=settings.format,
            texts=settings.texts,
        )
        for excerpts in drawn_excerpts(about, train, settings)
    ]


def _unjudged(about: HeadRecord, reason: str) -> Candidate:
    reason = f"nothing was asked, because the previous explanation could not be judged: {reason}"
    return Candidate(
        round=about.round, number=0, summary="", behaviours=[], score=None, reason=reason
    )

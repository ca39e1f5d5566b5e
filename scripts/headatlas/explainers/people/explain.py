"""From what people wrote of a head to its explanation: the one that a judge predicts most from."""

from argparse import Namespace
from collections.abc import Coroutine, Sequence
from typing import Any

from ...items import read_items
from ...llm.client import BudgetSpent, Client, Refused
from ...llm.together import together
from ...llm.usage import rounded
from ...records.events import EVENTS
from ...records.explanation import Candidate, Explanation
from ...records.head import HeadRecord
from ...storage import read_head
from ..llm.arguments import head_of
from ..llm.candidates import Proposal, Trial, best, score_of, usage_of, why_no_score
from ..llm.judge import reading_of
from ..unexplained import failed_explanation, without_behaviours

NOBODY = "Nobody wrote what it does."
_TITLE = 10  # words


def explaining(
    args: Namespace, texts: Sequence[str], judge: Client
) -> Coroutine[Any, Any, Explanation]:
    """Asks the judge about what people wrote of the head of `args`, on its items.

    Raises InputError, and AskError once it is awaited.
    """
    items = read_items(args.items, args.head)
    reading = reading_of(read_head(args.events, EVENTS, args.head), items)
    trial = Trial(judge, reading.items["validation"], reading.pieces, args.items_per_call)
    return explain(head_of(args), texts, trial)


async def explain(about: HeadRecord, texts: Sequence[str], trial: Trial) -> Explanation:
    """The text whose judge's answers fit the head best on validation text; the others are kept.

    Raises AskError if the judge is away.
    """
    if not texts:
        return without_behaviours(about, "unexplained", NOBODY)
    proposals = await together(
        tried(about, number, text, trial) for number, text in enumerate(texts)
    )
    stopped = [p.candidate.reason or "" for p in proposals if p.budget_spent]
    chosen = None if stopped else best(proposals)
    explanation = chosen.explanation if chosen else None
    if explanation is None:
        explanation = failed_explanation(about, "; ".join(dict.fromkeys(stopped)))
    candidates = [proposal.candidate for proposal in proposals]
    usage = rounded(usage_of(trial.judge))
    return explanation.model_copy(update={"candidates": candidates, "usage": usage})


async def tried(about: HeadRecord, number: int, text: str, trial: Trial) -> Proposal:
    """A text as an explanation, and how well it does on validation text."""
    explanation = told(about, text)
    candidate = Candidate(
        round=about.round, number=number, summary=text, behaviours=[], score=None, reason=None
    )
    try:
        answers = await trial.answers(explanation)
        candidate.score = score_of(answers, trial.items)
        if candidate.score is None:
            candidate.reason = why_no_score(answers)
    except (BudgetSpent, Refused) as error:
        candidate.reason = str(error)
        return Proposal(candidate, explanation, isinstance(error, BudgetSpent))
    return Proposal(candidate, explanation)


def told(about: HeadRecord, text: str) -> Explanation:
    """An explanation in somebody's words alone."""
    words = text.split()
    title = " ".join(words[:_TITLE]).rstrip(".;,") + (" …" if len(words) > _TITLE else "")
    return Explanation(
        **about.model_dump(),
        status="explained",
        reason=None,
        title=title,
        summary=text,
        behaviours=[],
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )

"""Several explanations proposed for a head at once, and how each does on validation text."""

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...answers import auroc_of
from ...items import QUESTIONS, Item
from ...llm.client import BudgetSpent, Client, Message, Refused
from ...llm.structured import Unusable, ask_for
from ...llm.together import together
from ...llm.usage import add
from ...printable import quoting
from ...records.explanation import Candidate, Explanation
from ...records.head import HeadRecord
from ...records.judgement import Answer
from ...records.usage import Usage
from .judge import judge_items
from .reply import ExplanationReply, check_reply, explanation_of


class Trial(NamedTuple):
    """The validation items of a head and the model that answers them."""

    judge: Client
    items: Sequence[Item]
    pieces: Mapping[int, Sequence[str]]  # of each window
    per_call: int

    async def answers(self, explanation: Explanation) -> list[Answer]:
        """What the judge says, knowing the explanation. Raises AskError."""
        return await judge_items(
            self.judge,
            explanation,
            self.items,
            self.pieces,
            split="validation",
            per_call=self.per_call,
            control=None,
        )


class Proposal(NamedTuple):
    """A candidate, and its explanation if the reply could be used."""

    candidate: Candidate
    explanation: Explanation | None
    budget_spent: bool = False


def score_of(answers: Sequence[Answer], items: Sequence[Item]) -> float | None:
    """Mean of the AUROCs of the two questions, of those that are defined; None if neither is."""
    found = [auroc_of(answers, items, question) for question in QUESTIONS]
    defined = [value for value in found if value is not None]
    return round(sum(defined) / len(defined), 6) if defined else None


def why_no_score(answers: Sequence[Answer]) -> str:
    """Why there is none; quotes the first reply that says neither yes nor no."""
    reason = "no answer of the judge on validation text could be scored"
    said = [answer.reply for answer in answers if answer.probability is None]
    return quoting(reason, said[0]) if said else reason


async def propose(
    about: HeadRecord,
    prompts: Sequence[Sequence[Message]],
    kind: type[ExplanationReply],
    texts: int,
    explainer: Client,
    trial: Trial,
) -> list[Proposal]:
    """The explanations that the explainer gives to the prompts, each judged, in their order.

    `kind` is the reply that they ask for, `texts` the number of test texts of
    each kind.
    """

    async def proposed(number: int) -> Proposal:
        candidate = Candidate(
            round=about.round, number=number, summary="", behaviours=[], score=None, reason=None
        )
        explanation = None
        try:
            reply = await ask_for(
                explainer,
                prompts[number],
                kind,
                check=functools.partial(check_reply, texts=texts),
                sample=about.round * len(prompts) + number,
            )
            explanation = explanation_of(about, reply)
            candidate.summary, candidate.behaviours = explanation.summary, explanation.behaviours
            answers = await trial.answers(explanation)
            candidate.answers = [answer.probability for answer in answers]
            candidate.score = score_of(answers, trial.items)
            if candidate.score is None:
                candidate.reason = why_no_score(answers)
        except (BudgetSpent, Refused, Unusable) as error:
            candidate.reason = str(error)
            return Proposal(candidate, explanation, isinstance(error, BudgetSpent))
        return Proposal(candidate, explanation)

    return await together(map(proposed, range(len(prompts))))


def best(proposals: Sequence[Proposal]) -> Proposal | None:
    """The first of those with the highest score, or of all explanations if none has a score."""
    explained = [proposal for proposal in proposals if proposal.explanation]
    return max(explained, key=lambda proposal: rank(proposal.candidate.score), default=None)


def rank(score: float | None) -> float:
    """A score as it is compared: none is less than any."""
    return -1.0 if score is None else score


def usage_of(*clients: Client) -> Usage:
    """What all replies of the clients cost; the same client may be named twice."""
    return functools.reduce(add, [client.usage for client in dict.fromkeys(clients)])

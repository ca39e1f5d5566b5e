"""Several explanations proposed for a head at once, and how each does on validation text."""

import functools
import hashlib
import json
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


class Asking(NamedTuple):
    """Who is asked about a head, for which kind of reply, and how what it says is tried."""

    about: HeadRecord
    kind: type[ExplanationReply]
    texts: int  # test texts of each kind
    explainer: Client
    trial: Trial

    async def proposal(self, prompt: Sequence[Message], number: int, sample: int) -> Proposal:
        """The explanation that the explainer gives to a prompt, judged."""
        candidate = Candidate(
            round=self.about.round, number=number, summary="", behaviours=[], score=None,
            reason=None, prompt=digest(prompt),
        )  # fmt: skip
        explanation = None
        try:
            check = functools.partial(check_reply, texts=self.texts)
            reply = await ask_for(self.explainer, prompt, self.kind, check=check, sample=sample)
            explanation = explanation_of(self.about, reply)
            candidate.summary, candidate.behaviours = explanation.summary, explanation.behaviours
            answers = await self.trial.answers(explanation)
            candidate.answers = [answer.probability for answer in answers]
            candidate.score = score_of(answers, self.trial.items)
            if candidate.score is None:
                candidate.reason = why_no_score(answers)
        except BudgetSpent as error:
            candidate.reason, candidate.prompt = str(error), None
            return Proposal(candidate, explanation, budget_spent=True)
        except (Refused, Unusable) as error:
            candidate.reason = str(error)
        return Proposal(candidate, explanation)


async def propose(
    asking: Asking, prompts: Sequence[Sequence[Message]], earlier: Sequence[Candidate]
) -> list[Proposal]:
    """The explanations that the explainer gives to the prompts, each judged, in their order.

    At temperature 0 a prompt that is there twice, or was there for an `earlier` candidate, has one
    reply: it is not asked again, and the candidate is a copy, of no explanation of its own.
    """
    digests, first = [*map(digest, prompts)], asking.about.round * len(prompts)
    once = asking.explainer.sampling.temperature == 0
    same = {c.prompt: c for c in reversed(earlier)} if once else {}
    new = [n for n, d in enumerate(digests) if not once or d not in (*same, *digests[:n])]
    found = await together(asking.proposal(prompts[n], n, first + n) for n in new)
    by_number = dict(zip(new, found, strict=True))
    same |= {digests[n]: proposal.candidate for n, proposal in by_number.items()}
    return [by_number.get(n) or _again(same[d], asking.about, n) for n, d in enumerate(digests)]


def digest(prompt: Sequence[Message]) -> str:
    """What tells a prompt from others in the records of candidates."""
    return hashlib.sha256(json.dumps(prompt).encode()).hexdigest()[:16]


def _again(candidate: Candidate, about: HeadRecord, number: int) -> Proposal:
    """A candidate with the prompt of another, which was not asked."""
    update = {"round": about.round, "number": number, "asked": False}
    return Proposal(candidate.model_copy(update=update), None)


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

"""From a head's events to the features that a language model proposes for its program."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ...event_rows import Event, events_of
from ...llm.client import BudgetSpent, Client, Message, Refused
from ...llm.structured import Unusable, ask_for
from ...llm.together import together
from ...llm.usage import rounded
from ...records.head import HeadRecord
from ...records.proposals import Proposal, Proposals
from ..llm.exemplars import Excerpt, Format, choose_exemplars, excerpt, largest_activation
from ..llm.explain import not_finite
from ..llm.prompts import Metric
from ..symbolic.language import ExpressionError
from ..symbolic.wording import active_when, attends_to, family
from .prompts import mend_messages, propose_messages
from .reply import (
    FeatureReply,
    Known,
    ProposalsReply,
    Vocabulary,
    feature_of,
    known_expressions,
)

NOTHING = "the reply lists no feature"


class Settings(NamedTuple):
    """What the user sets."""

    format: Format
    exemplars: int  # in a prompt
    draws: int  # of exemplars, a reply to each
    proposals: int  # in a reply, at most
    seed: int


async def propose(
    about: HeadRecord,
    events: pa.Table,
    metrics: Sequence[Metric],
    settings: Settings,
    client: Client,
) -> Proposals:
    """Ask for features of a head; those that are none are sent back once.

    `events` are those of the head (`exemplars.read_seen`). A reply that cannot be used, or that
    the budget does not cover, proposes nothing, and why is kept. Raises AskError if the server is
    away.
    """
    train = events_of(events, ["train"])
    if reason := not_finite(train):
        return without_proposals(about, client.sampling.model, reason)
    known = known_expressions()
    vocabulary = Vocabulary(events_of(events, ["train", "validation"]))
    asking = _Asking(client, known, vocabulary, settings.proposals)
    prompts = [
        propose_messages(excerpts, metrics, settings.format, known, settings.proposals)
        for excerpts in _drawn_excerpts(about, train, settings)
    ]
    replies = await together(asking.reply(*numbered) for numbered in enumerate(prompts))
    return without_proposals(about, client.sampling.model).model_copy(
        update={
            "proposals": [proposal for found, _ in replies for proposal in found],
            "reasons": list(dict.fromkeys(reason for _, reason in replies if reason)),
            "usage": rounded(client.usage),
        }
    )


def without_proposals(about: HeadRecord, model: str, *reasons: str) -> Proposals:
    """The record of a head for which nothing was proposed."""
    return Proposals(
        **about.model_dump(),
        language_model=model,
        proposals=[],
        reasons=list(reasons),
        usage=None,
    )


class _Asking(NamedTuple):
    client: Client
    known: Known
    vocabulary: Vocabulary
    most: int  # proposals of a reply that are read

    async def reply(
        self, number: int, prompt: Sequence[Message]
    ) -> tuple[list[Proposal], str | None]:
        """The proposals of a reply, and why there is none, or none in the place of invalid ones."""
        found: list[Proposal] = []
        try:
            reply = await ask_for(self.client, prompt, ProposalsReply, sample=number)
            if not reply.proposals:
                return [], NOTHING
            found = [self._read(said, number) for said in reply.proposals[: self.most]]
            if invalid := [(p.said, p.reason) for p in found if p.reason]:
                again = mend_messages(prompt, reply, invalid)
                reply = await ask_for(self.client, again, ProposalsReply, sample=number)
                mended = [self._read(said, number) for said in reply.proposals[: len(invalid)]]
                found = [*(p for p in found if not p.reason), *mended]
        except (BudgetSpent, Refused, Unusable) as error:
            return found, str(error)
        return found, None

    def _read(self, said: FeatureReply, number: int) -> Proposal:
        found = Proposal(reply=number, said=said.said, source=None, trigger=None, reason=None)
        try:
            source, trigger = feature_of(said, self.known, self.vocabulary)
        except ExpressionError as error:
            return found.model_copy(update={"reason": str(error)})
        valid = {
            "source": str(source),
            "trigger": str(trigger),
            "attends_to": attends_to(source, self.vocabulary.pieces),
            "active_when": active_when(trigger, self.vocabulary.pieces),
            "family": family(source),
        }
        return found.model_copy(update=valid)


def _drawn_excerpts(
    about: HeadRecord, train: Sequence[Event], settings: Settings
) -> list[list[Excerpt]]:
    """The exemplars that are shown for each reply: the strongest first, then a draw each."""
    largest, draws = largest_activation(train), []
    for number in range(settings.draws):
        seed = [settings.seed, about.layer, about.head, number]
        rng = np.random.default_rng(seed) if number else None
        chosen = choose_exemplars(train, settings.exemplars, rng)
        draws.append([excerpt(event, largest) for event in chosen])
    return draws

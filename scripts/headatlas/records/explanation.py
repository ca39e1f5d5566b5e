"""What an explainer says about one head."""

from typing import Literal

from pydantic import Field

from .base import Record
from .head import HeadRecord
from .usage import Usage


class Level(Record):
    """Odds that one of several tokens, kinds of token or distances has for itself."""

    name: str
    odds: float


class Behaviour(Record):
    """One thing a head does. Shares and gains are of validation text."""

    attends_to: str = Field(description="English noun phrase: what the head attends to")
    active_when: str = Field(description="English clause: when; empty if always")
    family: str = Field(description="short name of the behaviour, such as induction")
    purpose: str = Field(default="", description="what it seems to be for; empty if not said")
    source: str | None = Field(
        default=None, description="expression: which keys; null where it is told in words alone"
    )
    trigger: str | None = Field(default=None, description="expression: at which queries; likewise")
    frequency: float | None = Field(
        default=None, description="share of queries at which there are such keys"
    )
    share: float | None = Field(
        default=None, description="share of the attention of these queries that falls on them"
    )
    baseline: float | None = Field(
        default=None,
        description="the same share by the position model, or where that is what is told, by even "
        "attention",
    )
    adds: float | None = Field(
        default=None,
        description="share of what even attention leaves to explain that is explained no more "
        "without this behaviour, or, of resting on the first token, with the share that even "
        "attention gives it",
    )
    odds: float | None = Field(
        default=None,
        description="how many times the odds of a like key elsewhere; null where distance decides",
    )
    odds_low: float | None = Field(default=None, description="lower end of its 95 % interval")
    odds_high: float | None = Field(default=None, description="upper end of its 95 % interval")
    levels: list[Level] = Field(
        default=[],
        description="where the odds vary, by token, by kind of token or by distance: the largest "
        "first",
    )
    also: list[str] = Field(
        default=[], description="what else is named by the same keys on all of the text seen"
    )


class Term(Record):
    """What multiplies the odds of a key: exp(weight) where both hold."""

    source: str = Field(description="expression: which keys")
    trigger: str = Field(description="expression: at which queries")
    weight: float = Field(description="where it varies, the mean")
    by: Literal["", "token", "key_kind", "query_kind", "distance"] = Field(
        default="", description="what it varies with: each listed token, the kind of token, the bin"
    )
    weights: list[float] = Field(default=[], description="where it varies, each of them")


class Position(Record):
    """The position model: distance and the first token alone."""

    kernel: list[float] = Field(description="score of a key by the bin of its distance")
    first: list[float] = Field(description="added to that at the first token, by the same bins")
    second: float = Field(description="added to that at the second token")


class Written(Record):
    """A part of the predicted activation: an amount at some queries."""

    source: str | None = Field(
        description="expression; the amount is times the attention predicted on its keys, if any"
    )
    trigger: str = Field(description="expression: at which queries")
    amount: float


class Program(Record):
    """An executable hypothesis: attention as a conditional logit, and activation.

    The attention of query q is the softmax over its keys k of kernel[bin of q − k], plus
    first[bin of q] where k is the first token, plus second where it is the second, plus the
    weights of the terms that name k at q. The activation
    of q is `constant` plus the parts `written` that hold there.
    """

    bins: list[int] = Field(description="largest distance of each bin but the last, which is open")
    logit: Position
    terms: list[Term]
    position: Position = Field(description="fitted without the terms: what they have to beat")
    constant: float
    written: list[Written]


class StatedClaim(Record):
    """What an explainer states that a head writes, as a claim that can be tested."""

    effect: Literal["raises", "lowers"]
    object: Literal["attended", "after_attended", "current"] = Field(
        description="the token that it attends to, the one after that, or the current one"
    )


class Candidate(Record):
    """An explanation that a language model proposed for a head."""

    round: int = Field(description="round of refinement in which it was proposed")
    number: int = Field(description="its number in the round, from 0")
    summary: str = Field(description="empty where the reply could not be used")
    behaviours: list[Behaviour]
    score: float | None = Field(description="on validation text; the largest is chosen")
    reason: str | None = Field(description="why there is no summary, or no score")
    answers: list[float | None] = Field(
        default=[],
        description="probability of yes that the judge gave to each validation item of the head, "
        "in the order of the table of items; null where its reply says neither",
    )
    prompt: str | None = Field(
        default=None,
        description="digest of the prompt of a language model, if it was answered",
    )
    asked: bool = Field(
        default=True,
        description="false: its prompt is that of an earlier candidate, and so at temperature 0 is "
        "all that came of it, which stands here again",
    )


RESTING = "sink"  # the family of behaviours that rest on the first token


class Explanation(HeadRecord):
    """`explanations/LxxHyy.json`: what an explainer says about a head."""

    status: Literal["explained", "unexplained", "failed"]
    reason: str | None = Field(description="why there is no explanation")
    title: str = Field(description="the explanation in at most ten words")
    summary: str = Field(description="the explanation in plain English")
    behaviours: list[Behaviour]
    writing: str = Field(
        default="", description="what it writes, in an explainer's words; empty if not said"
    )
    write_claims: list[StatedClaim] = Field(
        default=[], description="as much of that as can be tested"
    )
    program: Program | None = Field(description="the executable form, where there is one")
    confidence: float | None
    positive_texts: list[str] = Field(description="texts in which the head should be active")
    negative_texts: list[str] = Field(description="texts in which it should not")
    candidates: list[Candidate] = Field(
        default=[], description="what a language model proposed, in all rounds so far"
    )
    usage: Usage | None = Field(default=None, description="of this round; null without a model")

    @property
    def beside_resting(self) -> list[Behaviour]:
        """Its behaviours but to rest on the first token, as most heads do; all if no other is left.

        What the head is known and grouped by.
        """
        return [b for b in self.behaviours if b.family != RESTING] or self.behaviours

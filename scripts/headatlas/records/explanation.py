"""What an explainer says about one head."""

from typing import Literal

from pydantic import Field

from .base import Record
from .head import HeadRecord
from .usage import Usage


class Behaviour(Record):
    """One thing a head does. Shares are of attention mass on validation text."""

    attends_to: str = Field(description="English noun phrase: what the head attends to")
    active_when: str = Field(description="English clause: when; empty if always")
    family: str = Field(description="short name of the behaviour, such as induction")
    purpose: str = Field(default="", description="what it seems to be for; empty if not said")
    coverage: float | None = Field(description="share of all attention mass it accounts for")
    base_rate: float | None = Field(description="the same share under uniform attention")
    frequency: float | None = Field(description="share of queries at which it applies")


class Rule(Record):
    """One line of an executable hypothesis; the first line that applies to a query decides."""

    source: str = Field(description="expression: which keys")
    trigger: str = Field(description="expression: which queries")
    mass: float = Field(description="attention mass predicted on these keys together")
    activation: float = Field(description="activation predicted at these queries")


class Program(Record):
    """An executable hypothesis: a decision list and what holds where no line applies."""

    rules: list[Rule]
    rest_activation: float


class Candidate(Record):
    """An explanation that a language model proposed for a head."""

    round: int = Field(description="round of refinement in which it was proposed")
    number: int = Field(description="its number in the round, from 0")
    summary: str = Field(description="empty where the reply could not be used")
    behaviours: list[Behaviour]
    score: float | None = Field(description="on validation text; the largest is chosen")
    reason: str | None = Field(description="why there is no summary, or no score")


class Explanation(HeadRecord):
    """`explanations/LxxHyy.json`: what an explainer says about a head."""

    status: Literal["explained", "unexplained", "failed"]
    reason: str | None = Field(description="why there is no explanation")
    summary: str = Field(description="the explanation in plain English, with its figures")
    behaviours: list[Behaviour]
    program: Program | None = Field(description="the executable form, where there is one")
    confidence: float | None
    positive_texts: list[str] = Field(description="texts in which the head should be active")
    negative_texts: list[str] = Field(description="texts in which it should not")
    candidates: list[Candidate] = Field(
        default=[], description="what a language model proposed, in all rounds so far"
    )
    usage: Usage | None = Field(default=None, description="of this round; null without a model")

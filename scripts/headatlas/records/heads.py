"""What is said about one head: explanation, judgement and scores."""

from typing import Literal

from pydantic import Field

from .base import VERSION, Record, Split


class HeadRecord(Record):
    """What every record about one head of one run begins with."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    round: int
    layer: int
    head: int


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
    salience: float = Field(description="salience predicted at these queries")


class Program(Record):
    """An executable hypothesis: a decision list and what holds where no line applies."""

    rules: list[Rule]
    rest_salience: float


class Usage(Record):
    """What the replies of language models behind a record cost when they were first given.

    A reply that comes from the cache counts as it did then, so that a record does not
    depend on what was asked before.
    """

    calls: int = Field(description="replies, those that could not be used among them")
    retries: int = Field(description="attempts that failed and were repeated")
    input_tokens: int
    output_tokens: int
    dollars: float | None = Field(description="null where the configuration has no prices")
    seconds: float = Field(description="sum of the latencies of all replies")


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


class Prediction(Record):
    """What an explanation predicts for one window: salience, and attention as sparse rows."""

    split: Split
    window: int
    salience: list[float] = Field(description="[T] predicted salience of each token")
    keys: list[list[int]] = Field(description="[T][...] predicted key positions of each query")
    weights: list[list[float]] = Field(description="[T][...] attention predicted on each")


class Answer(Record):
    """What a language model that knows an explanation says of one item.

    `active`: is the head active at the token `query` of a window? `attends`: does it
    attend from there to the token `key`?
    """

    split: Split
    question: Literal["active", "attends"]
    window: int
    query: int
    key: int | None = Field(description="null for the question active")
    control: str | None = Field(
        description="the other head, as LxxHyy, whose explanation the model was given; null: own"
    )
    probability: float | None = Field(description="of yes; null where the reply says neither")
    reply: str = Field(description="as it came")


class Judgement(HeadRecord):
    """`judgements/LxxHyy.json`: predictions made from the explanation alone.

    They cover the random windows of the validation and test splits, which are the
    same for every head, so that one head's predictions can be held against another's
    activations as a control.
    """

    reason: str | None = Field(description="why there are no predictions")
    predictions: list[Prediction]
    answers: list[Answer] = Field(default=[], description="where a language model judges")
    usage: Usage | None = Field(
        default=None,
        description="of the answers on test text; what was answered on validation text is paid "
        "for when the explanation is chosen; null without a language model",
    )


class Score(Record):
    """One number about an explanation, or the reason why there is none."""

    split: Literal["validation", "test", "probes"]
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    reason: str | None = None


class HeadScores(HeadRecord):
    """`scores/LxxHyy.json`."""

    scores: list[Score]

"""What a language model that knows an explanation alone says of unseen text."""

from typing import Literal

from pydantic import Field

from .base import Record, Split
from .head import HeadRecord
from .usage import Usage


class Answer(Record):
    """What a language model that knows an explanation says of one item.

    `active`: is the head active at the token `query` of a window? `attends`: does it
    attend from there to the token `key`? `marked`: are the tokens `marks`, of a passage that ends
    with `query`, those at which it is active? `levels`: how active is it at each of them?
    """

    split: Split
    question: Literal["active", "attends", "marked", "levels"]
    window: int
    query: int
    key: int | None = Field(description="of the question attends alone")
    marks: tuple[int, ...] = Field(
        default=(), description="positions, of the questions marked and levels alone"
    )
    control: str | None = Field(
        description="the other head, as LxxHyy, whose explanation the model was given; null: own"
    )
    probability: float | None = Field(
        description="of yes; null where the reply says neither, and of the question levels"
    )
    levels: tuple[float, ...] | None = Field(
        default=None,
        description="from 0 to 10, of each of the marks: the level that is said, or its expected "
        "value where there are log-probabilities; null where the reply does not tell all of them",
    )
    reply: str = Field(description="as it came")


class Judgement(HeadRecord):
    """`judgements/LxxHyy.json`: what a language model answers that knows the explanation alone."""

    reason: str | None = Field(description="why there are no answers")
    answers: list[Answer]
    usage: Usage | None = Field(
        default=None,
        description="of the answers on test text; what was answered on validation text is paid "
        "for when the explanation is chosen; null where nothing was asked",
    )

"""What a language model that knows an explanation alone says of unseen text."""

from typing import Literal

from pydantic import Field

from .base import Record, Split
from .head import HeadRecord
from .usage import Usage


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
    """`judgements/LxxHyy.json`: what a language model answers that knows the explanation alone."""

    reason: str | None = Field(description="why there are no answers")
    answers: list[Answer]
    usage: Usage | None = Field(
        default=None,
        description="of the answers on test text; what was answered on validation text is paid "
        "for when the explanation is chosen; null where nothing was asked",
    )

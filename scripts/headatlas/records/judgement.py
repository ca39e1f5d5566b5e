"""What is predicted from an explanation alone."""

from typing import Literal

from pydantic import Field

from .base import Record, Split
from .head import HeadRecord
from .usage import Usage


class Prediction(Record):
    """What an explanation predicts for one window: activation, and attention as sparse rows."""

    split: Split
    window: int
    activation: list[float] = Field(description="[T] predicted activation of each token")
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

"""What is rated: one head beside one explanation, which may be another head's."""

import hashlib
from typing import Literal

from pydantic import Field

from headatlas.records.base import Record
from headatlas.records.explanation import Explanation

Kind = Literal["true", "control", "catch"]


class Exemplar(Record):
    """A stretch of T tokens around the query at which the head is most active."""

    pieces: list[str] = Field(description="[T] text of each token")
    levels: list[int] = Field(description="[T] activation, from 0 to 9")
    query: int
    keys: dict[int, float] = Field(description="what the query attends to most: weight by position")
    before: float = Field(description="of that, what falls on tokens before the stretch")
    cut: bool = Field(description="whether there are any")


class Unseen(Record):
    """The first T tokens of a test window; position 0 is neither active nor inactive."""

    window: int
    pieces: list[str] = Field(description="[T] text of each token")
    active: list[bool] = Field(description="[T] where the head is active")
    inactive: list[bool] = Field(description="[T] where it is not; false in between")


class Unit(Record):
    """A head, an explanation, and what a rater is shown of the two."""

    layer: int
    head: int
    kind: Kind = Field(
        description="whose explanation it is: the head's own; another's; or, to catch who does "
        "not read, the one that is least like the head's own"
    )
    other_layer: int = Field(description="layer of the head whose explanation it is")
    other_head: int
    digest: str = Field(description="of the explanation, as it was when it was shown")
    title: str
    summary: str
    exemplars: list[Exemplar]
    unseen: list[Unseen]


def digest_of(explanation: Explanation) -> str:
    """Changes when what raters read of an explanation does."""
    text = f"{explanation.title}\n{explanation.summary}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

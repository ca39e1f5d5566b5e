"""What heads add to the logits where they are run on text, and what is claimed of it."""

import pyarrow as pa
from pydantic import Field

from .base import VERSION, Record
from .columns import HEAD, field

# The tokens that a head may be about, at a query.
OBJECTS = {
    "attended": "the token it attends to most, the first of the window left out",
    "after_attended": "the token after that one",
    "current": "the current token",
}


def _of_object(name: str, words: str) -> list[pa.Field]:
    return [
        field(f"{name}_effect", pa.float32(), f"what is added to {words}; null if there is none",
              nullable=True),
        field(f"{name}_matched", pa.float32(), "the same to this token of the head's other queries "
              "of the split and kind, mean", nullable=True),
        field(f"{name}_above", pa.float32(), "share of the vocabulary to which less is added",
              nullable=True),
    ]  # fmt: skip


DIRECT = pa.schema(
    [
        *HEAD,
        field("split", pa.string(), "split of the window"),
        field("kind", pa.string(), "active: where the head is most active in the window; random"),
        field("window", pa.int32(), "sampled window"),
        field("query", pa.int16(), "position of the query"),
        field("key", pa.int16(), "key that it attends to most, position 0 left out"),
        field("share", pa.float32(), "attention to that key"),
        field("spread", pa.float32(), "standard deviation over the vocabulary of what is added"),
        *[part for name, words in OBJECTS.items() for part in _of_object(name, words)],
        field("raised", pa.list_(pa.int32()), "tokens to which most is added, the most first"),
        field("lowered", pa.list_(pa.int32()), "tokens from which most is taken"),
    ]
)


class Lift(Record):
    """How much more is added to the tokens of an object than to its tokens at other queries.

    In standard deviations of what is added to the vocabulary; mean over windows.
    """

    value: float | None
    low: float | None = Field(description="95 % interval over windows")
    high: float | None
    n: int = Field(description="windows")


class WriteClaim(Record):
    """A claim on what a head writes where it is active: chosen on train and validation."""

    effect: str = Field(description="raises or lowers")
    object: str = Field(description="attended, after_attended or current")
    chosen: float = Field(description="lift on validation, positive if the claim is right")
    test: Lift = Field(description="lift on test documents, positive if the claim is right")
    extreme: float | None = Field(
        description="share of the test queries at which the token is among the tenth of the "
        "vocabulary that is raised, or lowered, most"
    )
    random: Lift = Field(description="the same at random queries of the test windows")
    holds: bool = Field(description="whether the interval on test documents is above 0")


class HeadClaims(Record):
    """What one head adds to the logits, in text."""

    layer: int
    head: int
    claims: list[WriteClaim]
    lifts: dict[str, Lift] = Field(description="of every object on test documents")
    raised: list[str] = Field(description="tokens that are raised most at most active queries")
    lowered: list[str]


class RunClaims(Record):
    """`write_claims.json`: what the heads of a model add to the logits on a corpus."""

    version: int = VERSION
    model: str
    corpus: str
    reasons: dict[int, str] = Field(description="why nothing is told of a layer")
    heads: list[HeadClaims]

"""`answer_key.json`: what every head of a planted subject was built to do.

It lies beside the weights, for those who grade explanations. No explainer reads it.
"""

from pydantic import Field

from ...records.base import VERSION, Record

ANSWER_KEY = "answer_key.json"


class TrueRule(Record):
    """Where a head attends; the first rule that applies to a query decides."""

    source: str = Field(description="expression of the symbolic explainer: which keys")
    trigger: str = Field(description="expression of the symbolic explainer: which queries")
    coverage: float = Field(
        description="share of all attention that falls on it in the head without noise,"
        " mean over the queries of the sample that the subject was built with"
    )


class PlantedHead(Record):
    """The truth about one head."""

    layer: int
    head: int
    role: str = Field(description="name of the role; noise for a head of random weights")
    words: str = Field(description="what it attends to and when, in plain words")
    rules: list[TrueRule] = Field(
        description="the same as rules; none for noise, and for what the language cannot say"
    )
    exact: bool = Field(description="whether the rules say it exactly, not only nearly")
    noise_nats: float = Field(description="s.d. of the noise on its attention logits")


class AnswerKey(Record):
    """The truth about all heads of a subject, by layer and head."""

    version: int = VERSION
    seed: int
    noise: str = Field(description="none, medium or high")
    moved: float = Field(description="share of the attention that the noise moves")
    fallback: str = Field(description="where a head attends when no rule of it applies")
    heads: list[PlantedHead]


class PlantedWriter(Record):
    """The truth about what one head writes."""

    layer: int
    head: int
    function: str
    words: str = Field(description="what it adds to the logits directly, in plain words")
    claims: list[tuple[str, str]] = Field(
        description="effects and objects, as write claims have them, each of which is true of it"
    )
    relation: tuple[str, str] | None = Field(description="effect and relation that its map holds")
    noise: bool = Field(description="whether nothing that has a name is true of what it writes")
    nats: float = Field(description="what it adds to the logit of a token, at its largest")


class WritersKey(Record):
    """The truth about all heads of a subject whose heads write known things."""

    version: int = VERSION
    seed: int
    noise: str = Field(description="none, medium or high")
    moved: float = Field(description="share of attention that is moved, and of what is said noise")
    heads: list[PlantedWriter]

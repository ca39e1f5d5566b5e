"""What heads write, told from the weights alone."""

from pydantic import Field

from .base import VERSION, Record

# Of the pairs of a relation, for so many at least, or it is not worth a sentence.
LEAST_SHARE = 0.15


class RelationPairs(Record):
    """A relation, and how much of it can be asked of the model."""

    name: str
    pairs: int = Field(description="pairs both of whose sides are single tokens of the model")
    listed: int = Field(description="pairs in the list")
    own: bool = Field(description="whether it is from the user's table")
    left_out: str | None = Field(default=None, description="why no head was asked for it")


class RelationShare(Record):
    """For how many pairs of a relation a head raises, or lowers, the target most."""

    relation: str
    effect: str = Field(description="raises or lowers")
    found: int = Field(
        description="pairs whose target is among the `top` tokens that the head raises most, or "
        "lowers most, where it attends to the source"
    )
    share: float = Field(description="of the pairs of the relation")
    low: float = Field(description="lower end of its 95 % interval over pairs (Wilson)")
    high: float = Field(description="upper end")
    shuffled: float | None = Field(
        description="the same share with the targets of other pairs in the place of each one's own"
    )

    def above(self, chance: float = 0.0) -> bool:
        """Whether it is worth a sentence: clear of `chance`, and of other pairs' targets."""
        return self.share >= LEAST_SHARE and self.low > max(self.shuffled or 0.0, chance)


class StrongSource(Record):
    """One of the common words for which the head changes the logits most, and what it changes."""

    token: int
    piece: str
    strength: float = Field(
        description="standard deviation of its row, as a multiple of the median token's"
    )
    raised: list[str] = Field(description="tokens raised most, the most first")
    lowered: list[str] = Field(description="tokens lowered most")


class HeadWriting(Record):
    """What one head writes."""

    head: int
    copying: float | None = Field(
        description="sum of the eigenvalues of its map over the sum of their sizes; there is no "
        "interval, since nothing is drawn; null for a head that writes nothing"
    )
    relations: list[RelationShare]
    sources: list[StrongSource]


class LayerWriting(Record):
    """`layerNN.json`: what the heads of a layer write, from the weights of the model alone."""

    version: int = VERSION
    model: str
    layer: int
    reason: str | None = Field(default=None, description="why nothing can be told of it")
    first_mlp: bool = Field(description="whether tokens come through the first layer's MLP")
    top: int
    tokens: int = Field(description="of the vocabulary, special ones left out")
    relations: list[RelationPairs]
    heads: list[HeadWriting]

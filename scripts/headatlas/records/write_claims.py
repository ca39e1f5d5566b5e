"""What is claimed of the tokens that heads raise and lower in text, and how it does on test."""

from pydantic import Field

from .base import VERSION, Record

EFFECTS = {"raises": 1, "lowers": -1}  # with the sign of the lift that each claims


class Lift(Record):
    """How much more is added to the tokens of an object than to its tokens at other queries.

    In standard deviations of what is added to the vocabulary; mean over queries. Its interval is
    over the tokens that it is about, so that a few frequent ones make no claim on all.
    """

    value: float | None
    low: float | None = Field(description="95 % interval over tokens")
    high: float | None
    n: int = Field(description="queries")


class WriteClaim(Record):
    """A claim on what a head writes where it is active: chosen on train and validation."""

    effect: str = Field(description="raises or lowers")
    object: str = Field(description="attended, after_attended or current")
    chosen: float | None = Field(
        description="lift on validation, positive if the claim is right; null if not defined"
    )
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
    others: list[WriteClaim] = Field(
        default=[],
        description="all other claims that can be made, held against test documents likewise: an "
        "explainer may state one of them",
    )
    lifts: dict[str, Lift] = Field(description="of every object on test documents")
    raised: list[str] = Field(description="tokens that are raised most at most active queries")
    lowered: list[str]

    @property
    def held(self) -> set[tuple[str, str]]:
        """Effect and object of the claims that hold on test documents."""
        return {(claim.effect, claim.object) for claim in self.claims if claim.holds}


class RunClaims(Record):
    """`write_claims.json`: what the heads of a model add to the logits on a corpus."""

    version: int = VERSION
    model: str
    corpus: str
    reasons: dict[int, str] = Field(description="why nothing is told of a layer")
    heads: list[HeadClaims]

"""How much is asked of people who rate explanations."""

from pydantic import Field

from .base import Settings


class Rating(Settings):
    """What every rater is shown; `make rate` is told it, and no configuration."""

    heads: int = Field(
        default=12,
        ge=2,
        le=10_000,
        description="heads that are rated, each with its own explanation and with another's",
    )
    catch: int = Field(
        default=2, ge=0, le=100, description="explanations among them that are plainly wrong"
    )
    repeats: int = Field(default=3, ge=0, le=100, description="trials that are shown again later")
    windows: int = Field(
        default=2, ge=0, le=100, description="unseen windows in which is marked, of each head"
    )

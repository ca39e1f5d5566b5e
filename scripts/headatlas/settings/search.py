"""What entries of `explainers` that fit a program share."""

from pydantic import Field

from .base import Settings


class Search(Settings):
    """What the search for behaviours may find, and what is written of it."""

    max_behaviours: int = Field(
        default=6, ge=1, le=100, description="at most this many behaviours of one head"
    )
    min_gain: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="least share of what distance and the first token leave of a head's attention "
        "that a behaviour must explain",
    )
    texts: int = Field(
        default=12,
        ge=2,
        le=1_000,
        description="test texts written for each side, active and not active",
    )

"""Which windows are a head's exemplars."""

from pydantic import Field

from .base import Settings


class Events(Settings):
    """Of each split."""

    top: int = Field(default=10, ge=1, le=1_000_000, description="windows of largest activation")
    quantiles: int = Field(
        default=5,
        ge=1,
        le=1_000_000,
        description="buckets of the sampled windows, by largest activation",
    )
    per_quantile: int = Field(default=2, ge=1, le=1_000_000, description="windows of a bucket")

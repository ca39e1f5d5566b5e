"""What entries of `explainers` that show a language model exemplars share."""

from typing import Literal

from pydantic import Field

from .base import Settings


class Prompted(Settings):
    """What a prompt shows of a head."""

    format: Literal["marked", "table"] = Field(
        default="marked",
        description="exemplars as text with marks, or as tables of tokens and activations",
    )
    exemplars: int = Field(default=12, ge=1, le=1_000, description="exemplars in a prompt")
    metrics: bool = Field(
        default=True, description="whether the prompt gives the head's metrics as evidence"
    )

"""What is kept of a model's activations."""

from typing import Literal

from pydantic import Field

from .base import Settings


class Activations(Settings):
    """The section `activations`."""

    norm: Literal["write_norm", "z_norm"] = Field(
        default="write_norm", description="norm of what the head writes (z W_O), or of z itself"
    )
    top_windows: int = Field(
        default=16,
        ge=1,
        le=1_000_000,
        description="windows of largest activation kept with attention, per head and split",
    )
    top_keys: int = Field(
        default=16,
        ge=1,
        le=2**15 - 1,
        description="attention weights kept of each query, the largest",
    )

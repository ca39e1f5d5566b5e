"""An entry of `explainers` that searches for executable rules."""

from typing import Literal

from pydantic import Field

from .base import Settings


class Symbolic(Settings):
    """The embedded explainer: what it may find, and what it writes."""

    kind: Literal["symbolic"] = Field(
        default="symbolic", description="search over executable rules; no network"
    )
    max_behaviours: int = Field(
        default=3, ge=1, le=100, description="at most this many behaviours of one head"
    )
    min_coverage: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="least share of the attention off the first token that a rule must account for",
    )
    texts: int = Field(
        default=12,
        ge=2,
        le=1_000,
        description="test texts written for each side, active and not active",
    )

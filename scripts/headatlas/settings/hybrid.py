"""An entry of `explainers` that fits a program, to which a language model proposes."""

from typing import Literal

from pydantic import Field

from .base import Settings, Text


class Hybrid(Settings):
    """The search of the symbolic explainer, with what a language model proposes among it."""

    kind: Literal["hybrid"] = Field(
        default="hybrid", description="a program; a language model proposes, data decide"
    )
    endpoint: Text = Field(description="the endpoint that proposes", title="a name under endpoints")
    format: Literal["marked", "table"] = Field(
        default="marked",
        description="exemplars as text with marks, or as tables of tokens and activations",
    )
    exemplars: int = Field(default=12, ge=1, le=1_000, description="exemplars in a prompt")
    metrics: bool = Field(
        default=True, description="whether the prompt gives the head's metrics as evidence"
    )
    draws: int = Field(
        default=2, ge=1, le=100, description="replies asked for, each to exemplars drawn anew"
    )
    proposals: int = Field(
        default=8, ge=1, le=100, description="features proposed in a reply, at most"
    )
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

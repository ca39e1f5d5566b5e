"""An entry of `explainers` that fits a program, to which a language model proposes."""

from typing import Literal

from pydantic import Field

from .base import Text
from .prompted import Prompted
from .search import Search


class Hybrid(Prompted, Search):
    """The search of the symbolic explainer, with what a language model proposes among it."""

    kind: Literal["hybrid"] = Field(
        default="hybrid", description="a program; a language model proposes, data decide"
    )
    endpoint: Text = Field(description="the endpoint that proposes", title="a name under endpoints")
    draws: int = Field(
        default=2, ge=1, le=100, description="replies asked for, each to exemplars drawn anew"
    )
    proposals: int = Field(
        default=8, ge=1, le=100, description="features proposed in a reply, at most"
    )

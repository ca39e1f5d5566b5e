"""An entry of `explainers` that fits a program to a head's attention."""

from typing import Literal

from pydantic import Field

from .search import Search


class Symbolic(Search):
    """The embedded explainer."""

    kind: Literal["symbolic"] = Field(
        default="symbolic", description="a conditional logit over features of text; no network"
    )

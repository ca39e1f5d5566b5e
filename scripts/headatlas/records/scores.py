"""How well an explanation does."""

from typing import Literal

from pydantic import Field

from .base import Record, Side
from .head import HeadRecord


class Score(Record):
    """One number about an explanation, or the reason why there is none."""

    split: Literal["validation", "test", "probes"]
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    reason: str | None = None
    constant: Side | None = Field(
        default=None,
        description="the side that is the same everywhere, so that nothing correlates with it, "
        "where that is the reason",
    )


class Verdict(Record):
    """Whether a head counts as explained."""

    status: Literal["explained", "not compared", "unexplained", "failed"] = Field(
        description="explained: it has an explanation, and a margin over other heads' explanations "
        "that is clearly there; not compared: it has an explanation, but no such margin; "
        "unexplained: it has none, or none above its control"
    )
    reason: str | None = Field(description="why it is not explained")
    decided_by: list[str] = Field(description="names of the margins that decided, on test text")


class HeadScores(HeadRecord):
    """`scores/LxxHyy.json`."""

    verdict: Verdict
    scores: list[Score]

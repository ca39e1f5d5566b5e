"""How well an explanation does."""

from typing import Literal

from .base import Record
from .head import HeadRecord

# Scores of what an explanation predicts for unseen text, which hold on any corpus.
PREDICTION_SCORES = ("attention_correlation", "salience_correlation", "pair_auroc")


class Score(Record):
    """One number about an explanation, or the reason why there is none."""

    split: Literal["validation", "test", "probes"]
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    reason: str | None = None


class HeadScores(HeadRecord):
    """`scores/LxxHyy.json`."""

    scores: list[Score]

"""What records share: their version, the splits, the names of heads and scores."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict

VERSION = 1
RANDOM = "+random"  # ends the name of a model's twin: its architecture with random weights
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
HEAD_METRICS = (
    "previous_token",
    "current_token",
    "duplicate_token",
    "induction",
    "sink",
    "entropy",
    "distance_mean",
    "distance_variance",
    "delimiter",
)
_HEAD = re.compile(r"L(\d+)H(\d+)")
# Scores of what an explanation predicts for unseen text, which hold on any corpus.
PREDICTION_SCORES = ("attention_correlation", "salience_correlation", "pair_auroc")


def head_name(layer: int, head: int) -> str:
    """`L03H11`: the name of a head in paths, tables and pages."""
    return f"L{layer:02d}H{head:02d}"


def parse_head(name: str) -> tuple[int, int]:
    """Layer and head of a name such as L03H11. Raises ValueError if it is none."""
    match = _HEAD.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not the name of a head")
    return int(match[1]), int(match[2])


class Record(BaseModel):
    """A JSON file, or a part of one. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

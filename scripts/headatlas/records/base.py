"""What records share: their version, the splits, the names of heads."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

VERSION = 1
RANDOM = "+random"  # ends the name of a model's twin: its architecture with random weights
Split = Literal["train", "validation", "test"]
Side = Literal["predicted", "measured"]  # of what is held against each other
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def head_name(layer: int, head: int) -> str:
    """`L03H11`: the name of a head in paths, tables and pages."""
    return f"L{layer:02d}H{head:02d}"


class Record(BaseModel):
    """A JSON file, or a part of one. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

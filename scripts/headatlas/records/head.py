"""What every record about one head begins with."""

from .base import VERSION, Record


class HeadRecord(Record):
    """What every record about one head of one run begins with."""

    version: int = VERSION
    model: str
    corpus: str
    explainer: str
    round: int
    layer: int
    head: int

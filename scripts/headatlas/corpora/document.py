"""The unit every corpus yields."""

from typing import NamedTuple


class Document(NamedTuple):
    """A named text. The name is stable: splits and seeds are derived from it."""

    name: str
    text: str

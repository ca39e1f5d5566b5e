"""The unit every corpus yields, and what it leaves out."""

from collections import Counter
from typing import NamedTuple


class Document(NamedTuple):
    """A named text. The name is stable: splits and seeds are derived from it."""

    name: str
    text: str


class LeftOut(Counter[str]):
    """How much of a corpus was left out while it was read, by what it is: for its facts."""

    def facts(self) -> dict[str, int]:
        """All counts, those that are 0 too."""
        return {name: self[name] for name in ("files_skipped", "documents_cut")}

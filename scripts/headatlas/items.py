"""What a judge of an explanation is asked about, as it was drawn for every head of a layer.

A judge answers two questions about random windows, each cut off after a query token: is the
head `active` at the query, and does the query `attend` to one of the tokens shown? The head
itself gives the right answer. Half of the items of each question hold. Those who judge an
explanation and those who score the answers read the same items.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa

from .records.base import Split
from .records.items import ITEMS
from .storage import read_head

# A head is active where its activation is in the top tenth, and inactive in the lower half.
ACTIVE, INACTIVE = 0.9, 0.5
Question = Literal["active", "attends"]
QUESTIONS: tuple[Question, ...] = ("active", "attends")


class Item(NamedTuple):
    """One question about one place of a window, and what the head did there."""

    question: Question
    window: int
    query: int
    key: int | None  # of the question `attends`
    holds: bool


Items = Mapping[Split, Sequence[Item]]  # of one head, in the order in which they are asked


def read_items(path: Path, head: int) -> Items:
    """The items of a head from the file of its layer. Raises StorageError."""
    return items_in(read_head(path, ITEMS, head))


def items_in(rows: pa.Table) -> Items:
    """Likewise from its rows."""
    found: dict[Split, list[Item]] = {"validation": [], "test": []}
    for row in rows.to_pylist():
        found[row["split"]].append(Item(*(row[name] for name in Item._fields)))
    return found

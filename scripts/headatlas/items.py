"""What a judge of an explanation is asked about, as it was drawn for every head of a layer.

A judge answers two questions about random windows, each cut off after a query token: is the
head `active` at the query, and does the query `attend` to one of the tokens shown? It may be
asked two more, about several tokens of a window at once: are those that are `marked` the ones at
which the head is active, and how active is it at each of them, in `levels` from 0 to 10? The head
itself gives the right answer. Half of the items of each question that is answered by yes or no
hold. Those who judge an explanation and those who score the answers read the same items.
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
Question = Literal["active", "attends", "marked", "levels"]
QUESTIONS: tuple[Question, ...] = ("active", "attends")  # those by which explanations are chosen
SPAN = 32  # tokens at the end of a passage that the further questions are about


class Place(NamedTuple):
    """Where in the text a question is asked: what tells an item from others."""

    question: Question
    window: int
    query: int
    key: int | None
    marks: tuple[int, ...]


class Item(NamedTuple):
    """One question about one place of a window, and what the head did there."""

    question: Question
    window: int
    query: int  # the last token that is shown
    key: int | None  # of the question `attends`
    holds: bool | None  # None of the question `levels`
    marks: tuple[int, ...] = ()  # of the questions `marked` and `levels`: the tokens asked about

    @property
    def place(self) -> Place:
        """What it asks, without the answer."""
        return Place(self.question, self.window, self.query, self.key, self.marks)


Items = Mapping[Split, Sequence[Item]]  # of one head, in the order in which they are asked


def read_items(path: Path, head: int) -> Items:
    """The items of a head from the file of its layer. Raises StorageError."""
    return items_in(read_head(path, ITEMS, head))


def items_in(rows: pa.Table) -> Items:
    """Likewise from its rows."""
    found: dict[Split, list[Item]] = {"validation": [], "test": []}
    for row in rows.to_pylist():
        cells = row | {"marks": tuple(row["marks"])}
        found[row["split"]].append(Item(*(cells[name] for name in Item._fields)))
    return found

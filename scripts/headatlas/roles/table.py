"""The table of heads with published roles that a model's entry may name.

A CSV file with a row for each head of each list: `head` such as L05H01, `role`, `test` (what the
source tested the head on), `source` (who says so), `arxiv` (number of the paper, may be empty)
and `checked` (how the row was checked by whoever wrote it). Rows of the same role and test are one
list. No import here is heavy, for the configuration is checked with this code.
"""

from pathlib import Path
from typing import NamedTuple

from ..csv_tables import TableError, table_rows

CHECKED = ("code", "paper", "excerpt", "memory")  # read there, or from memory: the least sure


class PublishedRole(NamedTuple):
    """A row of the table: its fields are the columns."""

    head: str
    role: str
    test: str
    source: str
    arxiv: str
    checked: str


class RolesError(TableError):
    """The table cannot be used."""


def read_roles(path: Path, n_layers: int, n_heads: int) -> list[PublishedRole]:
    """The rows of the table at `path`, in its order.

    Raises RolesError if it is no such table, or names a head that a model of `n_layers` layers
    with `n_heads` heads each does not have.
    """
    last = f"L{n_layers - 1:02d}H{n_heads - 1:02d}"
    heads = {f"L{layer:02d}H{head:02d}" for layer in range(n_layers) for head in range(n_heads)}
    seen: set[tuple[str, str, str]] = set()
    rows = []
    for line, cells in table_rows(path, PublishedRole._fields, RolesError):
        row = PublishedRole(*(cell.strip() for cell in cells))
        key = (row.head, row.role, row.test)
        if row.head not in heads:
            raise RolesError(path, f"line {line}: no head {row.head!r}", f"L00H00 to {last}")
        if not (row.role and row.test and row.source):
            raise RolesError(path, f"line {line}: an empty cell", "an empty cell under arxiv alone")
        if row.checked not in CHECKED:
            problem = f"line {line}: checked is {row.checked!r}"
            raise RolesError(path, problem, ", ".join(CHECKED))
        if key in seen:
            problem = f"line {line}: {row.head} as {row.role!r} again"
            raise RolesError(path, problem, "a head once for each role and test")
        seen.add(key)
        rows.append(row)
    if not rows:
        raise RolesError(path, "no rows", "a table with a row for each published head")
    return rows

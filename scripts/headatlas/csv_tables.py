"""Tables that a user writes: CSV files in UTF-8 with a header of certain columns.

No import here is heavy, for the configuration is checked with this code.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import InputError


class TableError(InputError):
    """The table cannot be used: what is wrong with it, and what is allowed instead."""

    def __init__(self, path: Path, problem: str, allowed: str):
        self.problem, self.allowed = problem, allowed
        super().__init__(f"{path}: {problem}; allowed: {allowed}")


def table_rows(
    path: Path, columns: Sequence[str], error: type[TableError]
) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header, each with the number of its line. Raises `error`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.reader(file, strict=True)
            if next(table, None) != list(columns):
                raise error(path, "other columns", ",".join(columns))
            for cells in table:
                if len(cells) != len(columns):
                    problem = f"line {table.line_num}: {len(cells)} cells"
                    raise error(path, problem, f"{len(columns)} cells in a row")
                yield table.line_num, cells
    except OSError as unread:
        raise error(path, unread.strerror or "not readable", "a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as unread:
        raise error(path, f"no CSV file in UTF-8 ({unread})", "a CSV file") from None

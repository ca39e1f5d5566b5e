"""What the language models behind a run cost: rows by head and step, and their sums."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from headatlas.llm.usage import add, rounded
from headatlas.records.base import head_name
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.judgement import Judgement
from headatlas.records.spending import USAGE
from headatlas.records.usage import Usage
from headatlas.storage import read_record, read_table

Row = dict[str, Any]
_ABOUT = [name for name in HeadRecord.model_fields if name != "version"]


def usage_rows(rounds: Sequence[Path], heads: Sequence[str], *, judged: bool) -> Iterator[Row]:
    """Rows of `records.spending.USAGE`: explanations of all rounds and judgements of the last.

    Where no language model has `judged`, there are no judgements, and what explanations cost is
    what was proposed to the search for them. `rounds` are the folders of the rounds of refinement,
    in order.
    """
    step = "explain" if judged else "propose"
    for head in sorted(heads):
        for folder in rounds:
            yield from _row(step, read_record(folder / f"explanations/{head}.json", Explanation))
        if judged:
            record = read_record(rounds[-1] / f"judgements/{head}.json", Judgement)
            yield from _row("judge", record)


def _row(step: str, record: Explanation | Judgement) -> Iterator[Row]:
    if record.usage:
        about = {name: getattr(record, name) for name in _ABOUT}
        yield {**about, "step": step, **record.usage.model_dump()}


def read_usage(path: Path) -> list[Row]:
    """The rows of a run. Raises StorageError."""
    rows: list[Row] = read_table(path, USAGE).to_pylist()
    return rows


def by_head(rows: Iterable[Row]) -> dict[str, Usage]:
    """The sum of the rows of each head, by its name."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(head_name(row["layer"], row["head"]), []).append(row)
    return {name: spent for name, own in found.items() if (spent := total(own))}


def total(rows: Iterable[Row]) -> Usage | None:
    """The sum of some rows; None if there are none."""
    parts = [Usage(**{name: row[name] for name in Usage.model_fields}) for row in rows]
    return rounded(functools.reduce(add, parts)) if parts else None

"""The file of what people wrote of heads, CSV or a JSON object a line.

Columns or keys: `layer`, `head`, `rater` and `text`, and, if it is of several models, `model`. No
import here is heavy, for the configuration is checked with this code.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ...errors import InputError
from ...printable import printable

COLUMNS = ("layer", "head", "rater", "text")
LONGEST = 2000  # characters of an explanation
_ALLOWED = "a CSV or JSONL file with layer, head, rater and text, and model if of several"


class Line(NamedTuple):
    """What one person wrote of one head."""

    model: str | None  # None: of whatever model is explained
    layer: int
    head: int
    rater: str
    text: str


class PeopleError(InputError):
    """The file cannot be used: what is wrong with it, and what is allowed instead."""

    def __init__(self, path: Path, problem: str, allowed: str = _ALLOWED):
        self.problem, self.allowed = problem, allowed
        super().__init__(f"{path}: {problem}; allowed: {allowed}")


def read_people(path: Path) -> list[Line]:
    """The lines of a file, in its order. Raises PeopleError if it is no such file, or empty."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PeopleError(path, error.strerror or "not readable") from None
    except UnicodeDecodeError:
        raise PeopleError(path, "no text in UTF-8") from None
    rows = _objects if path.suffix in (".jsonl", ".ndjson", ".json") else _cells
    lines = [_line(path, number, row) for number, row in rows(path, content)]
    if not lines:
        raise PeopleError(path, "no explanations")
    return lines


def texts_of(lines: list[Line], model: str, layer: int, head: int) -> list[str]:
    """What is said of a head of a model: different texts, in the order of the file."""
    found = [
        line.text
        for line in lines
        if line.model in (None, model) and (line.layer, line.head) == (layer, head)
    ]
    return list(dict.fromkeys(found))


def _objects(path: Path, content: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise PeopleError(path, f"line {number}: no JSON object")
            yield number, row


def _cells(path: Path, content: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    table = csv.DictReader(content.splitlines(keepends=True), strict=True, restkey="more")
    try:
        for row in table:
            yield table.line_num, row
    except csv.Error as error:
        raise PeopleError(path, f"line {table.line_num}: no CSV ({error})") from None


def _line(path: Path, number: int, row: Mapping[str, object]) -> Line:
    if missing := [name for name in COLUMNS if row.get(name) in (None, "")]:
        raise PeopleError(path, f"line {number}: {missing[0]} is missing")
    if unknown := [str(key) for key in row if key not in (*COLUMNS, "model")]:
        raise PeopleError(path, f"line {number}: {unknown[0]!r} is no column")
    places = [str(row[name]).strip() for name in ("layer", "head")]
    for name, place in zip(("layer", "head"), places, strict=True):
        if not (place.isascii() and place.isdigit() and len(place) < 6):
            raise PeopleError(path, f"line {number}: {name} is {place[:40]!r}", "a whole number")
    text = " ".join(printable(str(row["text"])).split())
    if not text or len(text) > LONGEST:
        allowed = f"1 to {LONGEST} characters"
        raise PeopleError(path, f"line {number}: a text of {len(text)} characters", allowed)
    model = row.get("model")
    layer, head = map(int, places)
    return Line(str(model) if model else None, layer, head, str(row["rater"]), text)

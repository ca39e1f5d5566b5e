"""Documents of files on disk: plain text and JSON lines, compressed or not."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

import pyarrow as pa

from ..errors import InputError
from ..patterns import files_matching
from .document import Document
from .lines import bounded_lines, documents_of_lines
from .rows import text_of

_COMPRESSED = (".gz", ".zst")
_LONGEST_JSON_LINE = 64_000_000


def text_documents(patterns: Sequence[str], field: str = "text") -> Iterator[Document]:
    """Documents of all files that match, in order of path, read as streams.

    `.jsonl` files hold one document a line, named `path#line`, with its text in
    `field`; any other file is plain text, cut into documents as
    `lines.documents_of_lines` says. Either may be compressed (`.gz`, `.zst`). Text is
    UTF-8; bytes that are not become U+FFFD, every other character is kept. Paths in
    names are relative to the folder that all matching files have in common.

    Raises InputError if a pattern matches no file, a file cannot be read, or a JSON
    line has no such text.
    """
    files = sorted({file for pattern in patterns for file in _matching(pattern)})
    base = os.path.commonpath([file.parent for file in files])
    for file in files:
        yield from file_documents(file, file.relative_to(base).as_posix(), field)


def file_documents(file: Path, name: str, field: str) -> Iterator[Document]:
    """Documents of one file; see `text_documents`."""
    plain = file.with_suffix("") if file.suffix in _COMPRESSED else file
    with _opened(file) as stream:
        if plain.suffix == ".jsonl":
            for number, line in enumerate(bounded_lines(stream, _LONGEST_JSON_LINE), start=1):
                if line.strip():
                    where = f"{file}, line {number}"
                    yield Document(f"{name}#{number}", text_of(_parsed(line, where), field, where))
        else:
            yield from documents_of_lines(name, bounded_lines(stream))


def _matching(pattern: str) -> list[Path]:
    files = files_matching(pattern)
    if not files:
        raise InputError(f"no file matches {pattern}")
    return files


@contextmanager
def _opened(file: Path) -> Iterator[TextIOWrapper]:
    """The text of a file; compression is told by its suffix."""
    try:
        with (
            pa.input_stream(str(file)) as stream,
            TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="\n") as text,
        ):
            yield text
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{file}: cannot be read ({error})") from None


def _parsed(line: str, where: str) -> object:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{where}: not JSON ({error})") from None

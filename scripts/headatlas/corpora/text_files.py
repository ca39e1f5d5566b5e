"""Documents of files on disk: plain text and JSON lines, compressed or not."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path, PurePath

import pyarrow as pa

from ..errors import InputError
from ..patterns import Matches, matches_of
from .decoding import decoded, encoding_of, why_no_text
from .document import Document, LeftOut
from .lines import bounded_lines, documents_of_lines
from .rows import text_of

_COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_JSON_LINES = (".jsonl", ".ndjson", ".json")
_LONGEST_JSON_LINE = 256_000_000
_HEAD = 2**16  # bytes by which the format of a file is known


def text_documents(
    patterns: Sequence[str], field: str, left_out: LeftOut | None = None
) -> Iterator[Document]:
    """Documents of all files that match, in order of path, read as streams.

    `.jsonl`, `.ndjson` and `.json` files hold one document a line, named `path#line`,
    with its text in `field`; any other file is plain text, cut into documents as
    `lines.documents_of_lines` says. Either may be compressed (`.gz`, `.bz2`, `.zst`).
    Text is UTF-8, or what a byte order mark says; bytes that are not become U+FFFD, every
    other character is kept. Paths in names are relative to the folder that all matching
    files have in common. `left_out` counts what matches and is no file.

    Raises InputError if a pattern matches no file, a file cannot be read, is no text or
    changes meanwhile, or a JSON line has no such text.
    """
    matches = [_matching(pattern) for pattern in patterns]
    if left_out is not None:
        left_out["files_skipped"] += sum(match.skipped for match in matches)
    files = sorted({file for match in matches for file in match.files})
    base = os.path.commonpath([file.parent for file in files])
    for file in files:
        yield from file_documents(file, file.relative_to(base).as_posix(), field)


def is_json_lines(name: str) -> bool:
    """Whether a file of this name is read as JSON lines."""
    return _format_of(name)[1] in _JSON_LINES


def file_documents(file: Path, name: str, field: str) -> Iterator[Document]:
    """Documents of one file; see `text_documents`."""
    with _opened(file) as stream:
        if is_json_lines(file.name):
            for number, line in enumerate(bounded_lines(stream, _LONGEST_JSON_LINE), start=1):
                if line.strip():
                    where = f"{file}, line {number}"
                    yield Document(f"{name}#{number}", text_of(_parsed(line, where), field, where))
        else:
            yield from documents_of_lines(name, bounded_lines(stream))


def _matching(pattern: str) -> Matches:
    found = matches_of(pattern)
    if not found.files:
        raise InputError(f"no file matches {pattern}")
    return found


def _format_of(name: str) -> tuple[str | None, str]:
    """Compression and suffix that a file's name tells, whatever the case of its letters."""
    path = PurePath(name.lower())
    compression = _COMPRESSIONS.get(path.suffix)
    return compression, path.with_suffix("").suffix if compression else path.suffix


@contextmanager
def _opened(file: Path) -> Iterator[TextIOWrapper]:
    """The text of a file, which must be text and stay as it is until all is read."""
    compression, _ = _format_of(file.name)
    try:
        with file.open("rb") as raw, pa.input_stream(raw, compression=compression) as unpacked:
            before = _state(raw.fileno())
            stream = BufferedReader(unpacked, _HEAD)
            head = stream.peek(_HEAD)
            if problem := why_no_text(head) or _why_no_prose(file.name, head):
                raise InputError(f"{file}: {problem}")
            with TextIOWrapper(stream, encoding_of(head), "replace", newline="\n") as text:
                yield text
                if _state(raw.fileno()) != before:
                    raise InputError(f"{file}: changed while it was read; run again")
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: cannot be read ({error})") from None


def _state(descriptor: int) -> tuple[int, int]:
    state = os.fstat(descriptor)
    return state.st_size, state.st_mtime_ns


def _why_no_prose(name: str, head: bytes) -> str | None:
    """Why a file is not read as running text: its first line is a JSON object."""
    first = decoded(head, whole=False).lstrip().partition("\n")[0]
    if is_json_lines(name) or not first.startswith("{"):
        return None
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return None
    return "looks like JSON lines; named .jsonl, each line of it is a document"


def _parsed(line: str, where: str) -> object:
    if len(line) == _LONGEST_JSON_LINE:
        raise InputError(f"{where}: longer than {_LONGEST_JSON_LINE:,} characters")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{where}: not JSON ({error}); a file whose name ends in {', '.join(_JSON_LINES)} "
            "has a document on each line"
        ) from None

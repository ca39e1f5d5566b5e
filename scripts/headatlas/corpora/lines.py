"""Cutting a stream of lines into documents: at article headings, else by size."""

import re
from collections.abc import Iterable, Iterator
from io import TextIOBase
from itertools import chain, islice

from .document import Document

LONGEST_WHOLE = 1_000_000
"characters up to which a text without headings is one document"
PIECE = 20_000
"characters after which a longer text is cut at the next blank line"

_HEADING = re.compile(r"\s*= (?!=).*(?<!=) =\s*")


def is_heading(line: str) -> bool:
    """Whether the line is a title as WikiText writes it: ` = Title = `, one `=` on either side."""
    return _HEADING.fullmatch(line) is not None


def bounded_lines(stream: TextIOBase, longest: int = PIECE) -> Iterator[str]:
    """Lines with their line ends; a line longer than `longest` comes in parts."""
    return iter(lambda: stream.readline(longest), "")


def documents_of_lines(name: str, lines: Iterable[str]) -> Iterator[Document]:
    """Documents `name#0001`, `name#0002`, …; or `name`, if the lines make but one.

    A document begins at each heading (see `is_heading`) that opens the text or
    follows a blank line. One that is longer than `LONGEST_WHOLE` characters is cut
    into pieces: at the first blank line after `PIECE` characters or, where none
    comes, after twice as many. So memory is bounded even for one endless line, if
    the lines are those of `bounded_lines`. Documents of white space are left out.
    """
    texts = (text for text in _articles(_pieces(lines)) if not text.isspace())
    first = list(islice(texts, 2))
    if len(first) == 1:
        yield Document(name, first[0])
        return
    for number, text in enumerate(chain(first, texts), start=1):
        yield Document(f"{name}#{number:04d}", text)


def _pieces(lines: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """Pieces of the text in order, and whether an article begins with the piece."""
    held: list[str] = []
    size, begins, after_blank = 0, True, True
    for line in lines:
        heading = after_blank and is_heading(line)
        if heading or size >= (PIECE if after_blank else 2 * PIECE):
            if held:
                yield begins, "".join(held)
            held, size, begins = [], 0, heading
        held.append(line)
        size += len(line)
        after_blank = not line.strip()
    if held:
        yield begins, "".join(held)


def _articles(pieces: Iterable[tuple[bool, str]]) -> Iterator[str]:
    """Pieces joined to articles, as long as these are no longer than `LONGEST_WHOLE`."""
    held: list[str] = []
    size = 0
    for begins, piece in pieces:
        if begins:
            if held:
                yield "".join(held)
            held, size = [], 0
        held.append(piece)
        size += len(piece)
        if size > LONGEST_WHOLE:
            yield from held
            held = []
    if held:
        yield "".join(held)

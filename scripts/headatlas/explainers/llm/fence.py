"""Corpus text in a prompt: fenced as data, its marked tokens not to be mistaken for its own.

What a corpus says is never an instruction. It stands between two lines of backquotes, more of
them than occur anywhere in it (the fenced code block of CommonMark, which models know), and
the marks around tokens are characters that are replaced wherever the corpus has them itself.
"""

import re
from collections.abc import Sequence

QUERY_MARKS = ("⟦", "⟧")  # around the token at which the head is active, or that attends
KEY_MARKS = ("«", "»")  # around a token that is attended to
# Marks of the corpus itself, and what would not survive the way to a server.
_REPLACED = str.maketrans({"⟦": "[", "⟧": "]", "«": "‹", "»": "›"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def fence(text: str) -> str:
    """The text between lines of backquotes that it cannot close."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    marker = "`" * max(3, longest + 1)
    return f"{marker}text\n{text}\n{marker}"


def escape_marks(text: str) -> str:
    """The text with look-alikes in place of marks, and U+FFFD in place of control characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text).translate(_REPLACED)


def marked_text(pieces: Sequence[str], query: int | None = None, keys: Sequence[int] = ()) -> str:
    """The text of some tokens, with marks around a query and the keys it attends to.

    A query that attends to itself has both marks, ⟦«token»⟧.
    """
    shown = []
    for position, piece in enumerate(pieces):
        text = escape_marks(piece)
        if position in keys:
            text = text.join(KEY_MARKS)
        if position == query:
            text = text.join(QUERY_MARKS)
        shown.append(text)
    return "".join(shown)

"""Which tokens delimit: punctuation, brackets and line ends."""

import string
from functools import cache

_MARKS = frozenset(string.punctuation + "“”‘’«»…–—、。，；：！？")


@cache
def is_delimiter(piece: str) -> bool:
    """Whether a token holds a line end, or nothing but punctuation and spaces."""
    if "\n" in piece:
        return True
    marks = piece.strip()
    return bool(marks) and _MARKS.issuperset(marks)

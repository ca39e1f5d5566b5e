"""Which tokens delimit: punctuation, quotation marks, brackets, dashes and line ends."""

from functools import cache

PUNCTUATION = ".,;:!?…。，、；：！？・"
OPENING, CLOSING = (
    "([{（［｛「『【《〈",
    ")]}）］｝」』】》〉",
)  # a bracket and its partner: same index
QUOTES = "\"'`“”‘’«»"
DASHES = "–—―"  # a hyphen joins words or is an operator
_MARKS = frozenset(PUNCTUATION + OPENING + CLOSING + QUOTES + DASHES)


@cache
def is_delimiter(piece: str) -> bool:
    """Whether a token holds a line end, or nothing but delimiting marks and white space."""
    if "\n" in piece or "\r" in piece:
        return True
    marks = "".join(piece.split())
    return bool(marks) and _MARKS.issuperset(marks)

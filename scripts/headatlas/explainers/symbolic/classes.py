"""Classes of tokens, told from their text. A token may belong to several."""

import functools
import keyword
import re

from ...tokens.delimiters import CLOSING, OPENING, PUNCTUATION, QUOTES, is_delimiter

PIECE_CLASSES = (
    "digit",
    "capitalised",
    "capitals",
    "punctuation",
    "opening",
    "closing",
    "quote",
    "newline",
    "space",
    "operator",
    "function_word",
    "keyword",
    "special",
    "word",
    "delimiter",
)
# The last one needs the token before it: see context.py.
TOKEN_CLASSES = (*PIECE_CLASSES, "continuation")
WORD_CLASSES = ("function_word", "keyword", "word")  # of whole words only

_OPERATORS = "=+-*/<>%&|^~@#$\\"
_SPECIAL = re.compile(r"<\|[^|]*\|>|</?s>|<(bos|eos|pad|unk)>|\[(CLS|SEP|PAD|BOS|EOS|UNK)\]")
_NUMBER = re.compile(r"\d[\d.,_]*")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be been but by can could did do does for from had has have he
        her his how i if in into is it its may more most must no not of on one or our
        out she should so some such than that the their them then there these they this
        those to up was we were what when where which who will with would you your
        """,
    )
)


@functools.lru_cache(maxsize=1 << 16)
def piece_classes(piece: str) -> frozenset[str]:
    """The classes of a token by its text alone, a subset of `PIECE_CLASSES`."""
    if _SPECIAL.fullmatch(piece):
        return frozenset({"special"})
    core = piece.strip()
    found = set()
    if "\n" in piece or "\r" in piece:
        found.add("newline")
    elif piece and not core:
        found.add("space")
    if any(c.isalnum() or c == "_" for c in core):
        found |= _word_classes(core)
    else:
        found |= _symbol_classes(core)
    if is_delimiter(piece):
        found.add("delimiter")
    return frozenset(found)


def _word_classes(core: str) -> set[str]:
    if _NUMBER.fullmatch(core):
        return {"digit"}
    found = set()
    if len(core) > 1 and core.isupper():
        found.add("capitals")
    elif core[0].isupper():
        found.add("capitalised")
    if core.lower() in _FUNCTION_WORDS:
        found.add("function_word")
    if core in keyword.kwlist:
        found.add("keyword")
    return found or {"word"}


def _symbol_classes(core: str) -> set[str]:
    members = {
        "punctuation": PUNCTUATION,
        "opening": OPENING,
        "closing": CLOSING,
        "quote": QUOTES,
        "operator": _OPERATORS,
    }
    return {name for name, characters in members.items() if any(c in characters for c in core)}

"""What kind of text a window holds, told from its characters alone."""

from collections.abc import Sequence

_CODE_MARKS = frozenset("=(){}[]_<>#*+/\\|&^%@$~`")


def context_kind(pieces: Sequence[str]) -> str:
    """`table` (a third of the characters are digits), `code`, `prose` or `other`.

    Code is told by its marks: at least 6 in 100 characters, where running English has
    about one. Shares are of the characters that are not white space.
    """
    characters = [c for c in "".join(pieces) if not c.isspace()]
    if not characters:
        return "other"
    size = len(characters)
    if sum(c.isdigit() for c in characters) >= size / 3:
        return "table"
    if sum(c in _CODE_MARKS for c in characters) >= 0.06 * size:
        return "code"
    return "prose" if sum(c.isalpha() for c in characters) >= 0.8 * size else "other"

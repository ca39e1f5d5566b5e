"""Corpus text as a prompt shows it: nothing in it can be taken for a mark, or is unseen.

Two marks are the prompt's own: ⟦ ⟧ around the query and ⟨ ⟩ around what is attended to. Where
a corpus has these characters, or characters without a glyph, it is shown with their code
points, such as \\u{27E6}. A backslash that would look like such a code is shown as one, so what
is shown says exactly what the text was.
"""

import re
import unicodedata

QUERY_MARKS = ("⟦", "⟧")
KEY_MARKS = ("⟨", "⟩")
MARKS = "".join(QUERY_MARKS + KEY_MARKS)
_BACKSLASH_OF_CODE = re.compile(r"\\(?=u\{)")
_BACKSLASH_OF_NO_BYTE = re.compile(r"\\(?!x[0-9a-f]{2})")  # pieces show broken UTF-8 as \xNN
_IN_ONE_LINE = {"\n": r"\n", "\t": r"\t"}


def running_text(piece: str) -> str:
    """A token's text in a text that goes on; line breaks and tabs are kept."""
    return "".join(
        character if character in _IN_ONE_LINE else _shown(character)
        for character in _BACKSLASH_OF_CODE.sub(lambda _: _code("\\"), piece)
    )


def token_text(piece: str) -> str:
    r"""A token's text on one line: line breaks as `\n`, tabs as `\t`, a backslash as `\\`."""
    return "".join(
        _IN_ONE_LINE.get(character) or _shown(character)
        for character in _BACKSLASH_OF_NO_BYTE.sub(r"\\\\", piece)
    )


def _shown(character: str) -> str:
    unseen = unicodedata.category(character)[0] in "CZ" and character != " "
    return _code(character) if unseen or character in MARKS else character


def _code(character: str) -> str:
    return f"\\u{{{ord(character):X}}}"

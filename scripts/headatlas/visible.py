"""Text as it is shown: nothing invisible, nothing that acts on its surroundings."""

import functools
import re
import unicodedata
from typing import NamedTuple

LONGEST_PIECE = 60
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NAMED = {"\n": "⏎", "\t": "→", "\x7f": "␡"}
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#$])")


class Part(NamedTuple):
    """A stretch of a shown text: its own characters, or a symbol that stands for one."""

    text: str
    symbol: bool


def symbol(character: str) -> str | None:
    """The visible stand-in of a character that has no glyph of its own, or None.

    ASCII controls become their Unicode control pictures (NUL is ␀), other unseen
    characters their code point, such as U+200B; a plain space is left alone.
    """
    if character in _NAMED:
        return _NAMED[character]
    if character < " ":
        return chr(0x2400 + ord(character))
    category = unicodedata.category(character)
    if category in _UNSEEN or (category == "Zs" and character != " "):
        return f"U+{ord(character):04X}"
    return None


@functools.lru_cache(maxsize=65536)
def parts(piece: str) -> tuple[Part, ...]:
    """A token's text for display. A token of spaces alone is shown as dots.

    A line break is kept after its symbol, so that the text breaks where it did.
    """
    if piece.strip(" ") == "":
        return (Part("·" * min(len(piece), LONGEST_PIECE) or "∅", True),)
    shown: list[Part] = []
    for character in piece[:LONGEST_PIECE]:
        stand_in = symbol(character)
        if stand_in is not None:
            shown.append(Part(stand_in, True))
        text = character if stand_in is None else "\n" if character == "\n" else ""
        if text and shown and not shown[-1].symbol:
            shown[-1] = Part(shown[-1].text + text, False)
        elif text:
            shown.append(Part(text, False))
    if len(piece) > LONGEST_PIECE:
        shown.append(Part(f"… {len(piece) - LONGEST_PIECE} more characters", True))
    return tuple(shown)


def visible(text: str) -> str:
    """Running text on one line, with every unseen character replaced by its symbol."""
    return "".join(symbol(character) or character for character in text)


def markdown(text: str) -> str:
    """Text that Markdown shows as it is: one line, no markup, no HTML, no table cell break."""
    escaped = _MARKDOWN.sub(r"\\\1", visible(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def csv_cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula: such text gets a leading `'`."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text

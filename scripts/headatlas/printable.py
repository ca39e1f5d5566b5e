"""Text of others, made fit for a terminal and for pages."""

import re

# Sequences of ECMA-48: CSI with its parameters, strings with what they hold, and the short ones.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x90-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
SAID = "; the model said: "  # in reasons, before what is quoted
_QUOTED = 200  # characters
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed


def printable(text: str) -> str:
    """The text without terminal escapes, with what they hold, and without control characters.

    Tabs and line feeds stay; a carriage return, which lets a line write over itself, becomes
    a line feed; lone surrogates, which no encoding can carry, become question marks.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("", _ESCAPES.sub("", text))
    return text.encode("utf-8", "replace").decode()


def quoting(reason: str, reply: str) -> str:
    """The reason why a reply could not be used, with the beginning of the reply on one line."""
    line = " ".join(reply.split()) or "(nothing)"
    return f"{reason}{SAID}{line if len(line) <= _QUOTED else f'{line[:_QUOTED]} …'}"

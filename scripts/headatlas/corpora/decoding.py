"""Bytes as text: which encoding they are in, and what is no text at all."""

import codecs
import unicodedata

# The longer mark first: that of UTF-32 begins as that of UTF-16 does.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_BINARY = {
    b"PAR1": "Parquet; a folder of such files is read by kind: huggingface",
    b"ARROW1": "Arrow; a folder of such files is read by kind: huggingface",
    b"\x1f\x8b": "compressed by gzip; its name must end in .gz",
    b"BZh": "compressed by bzip2; its name must end in .bz2",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; its name must end in .zst",
    b"\xfd7zXZ\x00": "compressed by xz, which is not read; unpack it or use .gz, .bz2 or .zst",
    b"PK\x03\x04": "a zip archive, or a document in one; unpack it, or save it as text",
    b"%PDF": "a PDF document; save it as text",
}
_MOST_UNREADABLE = 0.3


def encoding_of(head: bytes) -> str:
    """The encoding that the mark at the beginning of a text names; UTF-8 without one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def decoded(content: bytes, *, whole: bool = True) -> str:
    """Text of some bytes; what cannot be decoded becomes U+FFFD, one that is cut off goes."""
    return codecs.getincrementaldecoder(encoding_of(content))("replace").decode(content, whole)


def why_no_text(head: bytes) -> str | None:
    """Why a file that begins so is not read as text, or None if it may be.

    Of text in another encoding than its mark says some characters are unreadable; of
    binary content, or of text in another alphabet than Latin, more than 30 %.
    """
    for magic, problem in _BINARY.items():
        if head.startswith(magic):
            return f"is {problem}"
    text = decoded(head, whole=False)
    unreadable = sum(map(_is_unreadable, text))
    if unreadable > _MOST_UNREADABLE * len(text):
        share = f"{unreadable / len(text):.0%}"
        return f"is no text in UTF-8 ({share} of its beginning is unreadable); convert it, by iconv"
    return None


def _is_unreadable(character: str) -> bool:
    control = unicodedata.category(character) == "Cc" and not character.isspace()
    return control or character == "\ufffd"

"""Text of single tokens, honest about tokens that are only part of a character."""

import functools
import json
import re
from collections.abc import Callable, Iterable

from transformers import PreTrainedTokenizerBase

_BYTE_TOKEN = re.compile(r"<0x([0-9A-F]{2})>")


def pieces_of(tokenizer: PreTrainedTokenizerBase, ids: Iterable[int]) -> list[str]:
    r"""Text of each token; bytes that are not UTF-8 on their own are shown as `\xNN`.

    Byte-level BPE (GPT-2, Llama 3) and SentencePiece (`▁` for a space, `<0xNN>` for a
    byte) are read; tokens of other kinds and special tokens are shown as they are
    written in the vocabulary. Pieces of a text whose characters are not cut across
    tokens, one after the other, are the text.

    Raises KeyError for an id that is not in the vocabulary.
    """
    table = _table(tokenizer)
    return [table[token] for token in ids]


@functools.lru_cache(maxsize=2)
def _table(tokenizer: PreTrainedTokenizerBase) -> dict[int, str]:
    """Piece of every token of the vocabulary."""
    piece = _reader(tokenizer)
    table = {number: piece(token) for token, number in tokenizer.get_vocab().items()}
    added = {number: token.content for number, token in tokenizer.added_tokens_decoder.items()}
    return table | added


def _reader(tokenizer: PreTrainedTokenizerBase) -> Callable[[str], str]:
    """How an entry of the vocabulary is read, told by the decoder of the tokenizer."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:  # not of the tokenizers library, then of sentencepiece
        return _sentencepiece_piece
    decoder = str(json.loads(backend.to_str())["decoder"])
    if "ByteLevel" in decoder:
        return functools.partial(_byte_level_piece, byte_of=_byte_of_character())
    if "▁" in decoder:
        return _sentencepiece_piece
    return str


def _byte_of_character() -> dict[str, int]:
    """GPT-2's table: printable Latin-1 bytes are themselves, the n-th other is chr(256 + n)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    shifted = {chr(256 + n): byte for n, byte in enumerate(others)}
    return {chr(byte): byte for byte in printable} | shifted


def _byte_level_piece(token: str, byte_of: dict[str, int]) -> str:
    if not all(character in byte_of for character in token):
        return token
    return _shown(bytes(byte_of[character] for character in token))


def _sentencepiece_piece(token: str) -> str:
    if match := _BYTE_TOKEN.fullmatch(token):
        return _shown(bytes.fromhex(match[1]))
    return token.replace("▁", " ")


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")

"""How tokens are shown."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tokenizers import BOS, BYTE_LEVEL, SENTENCEPIECE, byte_level, encode
from transformers import PreTrainedTokenizer, PreTrainedTokenizerBase

from headatlas.tokens.pieces import pieces_of


@pytest.mark.parametrize(
    ("tokenizer", "byte"),
    [(BYTE_LEVEL, "\u0100"), (SENTENCEPIECE, "<0x00>")],
    ids=["byte-level", "sentencepiece"],
)
def test_control_characters_are_shown_as_they_are(
    tokenizer: PreTrainedTokenizerBase, byte: str
) -> None:
    assert pieces_of(tokenizer, [tokenizer.get_vocab()[byte]]) == ["\0"]


def test_byte_level_pieces_show_text_and_broken_characters_as_bytes() -> None:
    assert pieces_of(BYTE_LEVEL, [0, *encode("the mat")]) == [
        BOS,
        "the",
        " mat",
    ]
    assert pieces_of(BYTE_LEVEL, encode("é\n")) == ["é", "\n"]
    assert pieces_of(BYTE_LEVEL, encode("語")) == ["\\xe8", "\\xaa", "\\x9e"]


def test_sentencepiece_pieces_show_text_and_bytes() -> None:
    assert pieces_of(SENTENCEPIECE, [0, *encode(" abc\né語", SENTENCEPIECE)]) == [
        "<s>",
        " a",
        "bc",
        "\n",
        "é",
        "\\xe8",
        "\\xaa",
        "\\x9e",
    ]


def test_tokenizers_without_a_backend_are_read_as_sentencepiece() -> None:
    class Plain(PreTrainedTokenizer):
        vocab_size = 2

        def get_vocab(self) -> dict[str, int]:
            return {"▁a": 0, "<0xE8>": 1}

        def _tokenize(self, text: str, **_: Any) -> list[str]:
            return [text]

        def _convert_token_to_id(self, token: str) -> int:
            return self.get_vocab().get(token, 0)

    assert pieces_of(Plain(), [0, 1]) == [" a", "\\xe8"]


def test_added_tokens_are_not_read_as_bytes() -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens(["  ", "Ġé"])
    assert pieces_of(tokenizer, [len(tokenizer) - 2, len(tokenizer) - 1]) == ["  ", "Ġé"]


@given(st.text().filter(lambda text: "\\" not in text))
def test_byte_level_pieces_hold_every_byte_of_the_text(text: str) -> None:
    shown = "".join(pieces_of(BYTE_LEVEL, encode(text))).encode()
    assert re.sub(rb"\\x(..)", lambda byte: bytes.fromhex(byte[1].decode()), shown) == text.encode()


@given(st.text(alphabet=st.sampled_from("the mat é\n\t\0")))
def test_pieces_of_unbroken_text_are_the_text(text: str) -> None:
    assert "".join(pieces_of(BYTE_LEVEL, encode(text))) == text


@given(st.text(alphabet=st.sampled_from("abcdeé \n\0~")))
def test_sentencepiece_pieces_of_unbroken_text_are_the_text(text: str) -> None:
    assert "".join(pieces_of(SENTENCEPIECE, encode(text, SENTENCEPIECE))) == text

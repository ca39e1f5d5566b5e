"""The tokenizer of planted subjects, the classes of its tokens, and a code for every token."""

import keyword
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from ...tokens.delimiters import OPENING, PUNCTUATION, is_delimiter

BOS = "<|bos|>"
VOCABULARY = 2048
CONTEXT = 256
# A line break, a digit and a mark are tokens of their own; a word takes the space before it along.
_TOKEN = r"\n| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]|[^\S\n]+(?=[^\S\n])|[^\S\n]"

CLASSES = ("newline", "digit", "capitalised", "punctuation", "opening", "delimiter", "keyword")

# The extended binary Golay code: 4096 words of 24 bits, any two of which differ in 8 or more.
CODE_LENGTH = 24
NEAREST = CODE_LENGTH - 2 * 8  # largest product of two different codes of +1 and -1
_GENERATOR = 0b110001110101
_MESSAGE_BITS = 12


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Byte-level BPE of `VOCABULARY` tokens over some texts; it encodes any string."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_TOKEN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=BOS,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def class_table(pieces: Sequence[str]) -> Bool[np.ndarray, "piece class"]:
    """Which of `CLASSES` each piece belongs to, in that order."""
    return np.array([[belongs(piece) for belongs in _MEMBERS.values()] for piece in pieces])


def _is_capitalised(piece: str) -> bool:
    word = piece.strip()
    return word[:1].isupper() and (len(word) == 1 or not word.isupper())


def _is_of(marks: str, piece: str) -> bool:
    return piece.strip() in marks and bool(piece.strip())


_MEMBERS: dict[str, Callable[[str], bool]] = {
    "newline": lambda piece: "\n" in piece or "\r" in piece,
    "digit": lambda piece: piece.strip().isdecimal(),
    "capitalised": _is_capitalised,
    "punctuation": lambda piece: _is_of(PUNCTUATION, piece),
    "opening": lambda piece: _is_of(OPENING, piece),
    "delimiter": is_delimiter,
    # Without its space a keyword may be a piece of another word.
    "keyword": lambda piece: piece[:1] == " " and piece[1:] in keyword.kwlist,
}


def token_codes(rng: np.random.Generator) -> Float[np.ndarray, "token code"]:
    """For every token id a word of the Golay code in +1 and -1; all zeros for BOS, id 0.

    The product of a code with itself is 24, with any other at most 8. Which token has
    which word is drawn from `rng`.
    """
    words = rng.permutation(2**_MESSAGE_BITS)[:VOCABULARY]
    bits = np.array([_golay(int(word)) for word in words])
    codes = 1.0 - 2.0 * bits
    codes[0] = 0
    return codes


def _golay(message: int) -> list[int]:
    """Cyclic encoding by the generator polynomial, then a bit that makes the weight even."""
    word = 0
    for bit in range(_MESSAGE_BITS):
        if message >> bit & 1:
            word ^= _GENERATOR << bit
    bits = [word >> i & 1 for i in range(CODE_LENGTH - 1)]
    return [*bits, sum(bits) % 2]

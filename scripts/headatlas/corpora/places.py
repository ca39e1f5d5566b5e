"""Where windows begin: places in a text that are the same whatever the tokenizer."""

import re
from itertools import pairwise

# Ordinary text has 2 to 5 characters a token. With room for 8, a place's window of any
# tokenizer nearly always ends before the next place.
CHARACTERS_PER_TOKEN = 8

_WORD = re.compile(r"\s(?=\S)")


def segments_of(text: str, window_tokens: int) -> list[tuple[int, int]]:
    """Where each place of a text begins, and where the next one does, or the text ends.

    Places stand every `CHARACTERS_PER_TOKEN` characters for each token of a window, each
    moved to the next beginning of a line or, where there is none within a character for
    each token, of a word. There a tokenizer splits the text as it would in the whole of it.
    Only in text with neither lines nor words a place stays where it was.
    """
    stride, reach = CHARACTERS_PER_TOKEN * window_tokens, window_tokens
    moved = (_moved(text, at, reach) for at in range(stride, len(text), stride))
    return list(pairwise([0, *moved, len(text)]))


def _moved(text: str, at: int, reach: int) -> int:
    line = text.find("\n", at - 1, at + reach)
    if line >= 0:
        return line + 1
    word = _WORD.search(text, at - 1, at + reach)
    return word.end() if word else at

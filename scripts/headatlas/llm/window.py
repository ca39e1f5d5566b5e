"""Whether a server has read all of a prompt, or left some of it out and said nothing.

Some cut it to their window; the templates of some models pass over messages of the role "system".
How many tokens a prompt should have nobody can say without the model's tokenizer. But a text has
about as many as its two halves have together; so where the count of a prompt looks odd, the
halves are asked about too.
"""

from collections.abc import Sequence

from .dialect import instructed
from .exchange import Message

LEAST = 1000  # tokens; no server has a window below that
_LEAST_ASKED = 64  # likewise; with instructions no prompt has less
_WINDOWS = 256  # tokens, of which windows are multiples
_LONG = 5  # bytes of a token: text of ours has 3 to 4
_WITHOUT_INSTRUCTIONS = 7  # likewise; who reads none of them tells half as many tokens, or fewer
_SHARE = 0.9  # of what the halves have, for each has a beginning and an end of its own


def looks_cut(messages: Sequence[Message], told: int) -> bool:
    """Whether the tokens that a server counted may be those of a window, or lack instructions."""
    size = sum(len(message["content"].encode()) for message in messages)
    if told < LEAST:
        lacks = told >= _LEAST_ASKED and size > _WITHOUT_INSTRUCTIONS * told
        return lacks and instructed(messages)
    return told % _WINDOWS == 0 or size > _LONG * told


def halves(messages: Sequence[Message]) -> list[list[Message]]:
    """The text of the messages as two prompts."""
    text = "\n".join(message["content"] for message in messages)
    middle = len(text) // 2
    return [[{"role": "user", "content": part}] for part in (text[:middle], text[middle:])]


def is_cut(told: int, of_halves: Sequence[int]) -> bool:
    """Whether a prompt has fewer tokens than its halves."""
    return told < _SHARE * sum(of_halves)

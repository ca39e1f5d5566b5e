"""What is asked of a language model, what it replies, and why no reply came."""

from typing import Any

from ..errors import InputError
from ..records.base import Record
from ..records.usage import Usage
from ..settings.endpoint import Sampling

Message = dict[str, str]  # {"role": "system", "user" or "assistant", "content": text}


class AskError(InputError):
    """A reply could not be had; the message says why in a sentence and never holds the key.

    That the server is away, or has another key, is not about a head: the job fails, and is run
    again with every reply that came. The two kinds below are, and become a head's record.
    """


class BudgetSpent(AskError):
    """The budget of the endpoint covers no further reply."""


class Refused(AskError):
    """The server does not answer this prompt: it is too long, or is said to break its rules."""


class Request(Record):
    """All that decides a reply: equal requests get the same reply from the cache."""

    sampling: Sampling
    messages: list[Message]
    response_format: dict[str, Any] | None  # as sent to the server
    sample: int  # tells replies to the same messages apart; added to the seed
    logprobs: bool


class Number(Record):
    """A token of a reply that is a number, or might have been one; no other text is kept of it."""

    place: int  # of the token in the reply
    digits: str  # that it holds
    likeliest: dict[str, float]  # log-probabilities of the likeliest tokens that hold digits


class Reply(Record):
    """A model's reply, whether or not it can be used."""

    text: str  # empty where the model gave none
    finish: str  # "stop", "length" (cut off at max_tokens), "content_filter", "unknown"
    refusal: str | None  # what a model that refuses says instead of a text
    thought: bool = False  # whether thoughts came beside the text; they are not kept
    first_tokens: dict[str, float] | None  # log-probabilities of the likeliest first tokens
    numbers: list[Number] | None = None  # where the server gives log-probabilities
    usage: Usage

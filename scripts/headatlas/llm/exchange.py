"""What is asked of a language model, what it replies, and why no reply came."""

from typing import Any

from ..records import Record, Usage
from .endpoint import Sampling

Message = dict[str, str]  # {"role": "system", "user" or "assistant", "content": text}


class AskError(Exception):
    """A reply could not be had; the message says why in a sentence and never holds the key."""


class BudgetSpent(AskError):
    """The budget of the endpoint covers no further reply."""


class Request(Record):
    """All that decides a reply: equal requests get the same reply from the cache."""

    sampling: Sampling
    messages: list[Message]
    response_format: dict[str, Any] | None  # as sent to the server
    sample: int  # tells replies to the same messages apart; added to the seed
    logprobs: bool


class Reply(Record):
    """A model's reply, whether or not it can be used."""

    text: str  # empty where the model gave none
    finish: str  # "stop", "length" (cut off at max_tokens), "content_filter", "unknown"
    refusal: str | None  # what a model that refuses says instead of a text
    first_tokens: dict[str, float] | None  # log-probabilities of the likeliest first tokens
    usage: Usage

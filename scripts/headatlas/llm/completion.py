"""What servers send, read with care: a chat completion, and the reply that it holds."""

import math
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from ..records.usage import Usage
from .endpoint import Connection
from .exchange import Reply

M = TypeVar("M", bound=BaseModel)


class Malformed(ValueError):
    """The content of an answer is not what it should be; the message quotes it."""


class _Part(BaseModel):
    type: str = "text"
    text: str | None = None


class _Message(BaseModel):
    content: str | list[_Part] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        """What the model said; some servers send it in parts."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""


class _Token(BaseModel):
    token: str
    logprob: float | None  # JSON has no minus infinity


class _FirstToken(BaseModel):
    top_logprobs: list[_Token]


class _Logprobs(BaseModel):
    content: list[_FirstToken] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Tokens(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completion(BaseModel):
    """What is read of a chat completion; servers differ in the rest."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Tokens | None = None


def parsed(kind: type[M], name: str, content: bytes) -> M:
    """The content as a `kind`, which messages call `name`. Raises Malformed."""
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        flaw = error.errors()[0]
        where = ".".join(map(str, flaw["loc"])) or "the body"
        text = content.decode(errors="replace")
        raise Malformed(f"not {name} ({where}: {flaw['msg']}): {text}") from None


def reply_of(
    completion: Completion, connection: Connection, *, retries: int, seconds: float
) -> Reply:
    """The reply that came after `retries` failures and, the last time, so many seconds."""
    choice = completion.choices[0]
    return Reply(
        text=choice.message.text,
        finish=choice.finish_reason or "unknown",
        refusal=choice.message.refusal,
        first_tokens=_first_tokens(choice.logprobs),
        usage=_usage(completion.usage, connection, retries, seconds),
    )


def _usage(tokens: _Tokens | None, connection: Connection, retries: int, seconds: float) -> Usage:
    """A server that tells no tokens leaves them 0, and the dollars unknown."""
    told = tokens or _Tokens()
    paid = connection.dollars(told.prompt_tokens, told.completion_tokens)
    return Usage(
        calls=1,
        retries=retries,
        input_tokens=told.prompt_tokens,
        output_tokens=told.completion_tokens,
        dollars=paid if tokens else None,
        seconds=seconds,
    )


def _first_tokens(logprobs: _Logprobs | None) -> dict[str, float] | None:
    """Of tokens with the same text the likelier one counts; impossible ones are left out."""
    if logprobs is None or not logprobs.content:
        return None
    found: dict[str, float] = {}
    for token in logprobs.content[0].top_logprobs:
        if token.logprob is not None and math.isfinite(token.logprob):
            found[token.token] = max(token.logprob, found.get(token.token, -math.inf))
    return found or None

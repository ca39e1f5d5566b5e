"""What servers send, read with care: a chat completion, and the reply that it holds."""

import json
import math
import re
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ..records.usage import Usage
from ..settings.endpoint import Connection
from .exchange import Number, Reply

M = TypeVar("M", bound=BaseModel)
QUOTED = 1000  # bytes of what is not understood
MOST_TOKENS = 10**9  # of one call; more is an error of the server
ROUNDING = 0.01  # by which a log-probability may be above 0
_DIGITS = re.compile(r"[0-9]+")
_SPACES = " \n\tĠ▁Ċ"  # before a number, as some servers write them


class Malformed(ValueError):
    """The content of an answer is not what it should be; the message quotes it."""


class _Part(BaseModel):
    type: str = "text"
    text: str | None = None


class _Message(BaseModel):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    reasoning: Any = None  # thoughts, by two names that servers give them
    reasoning_content: Any = None

    @property
    def text(self) -> str:
        """What the model said; some servers send it in parts."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""

    @property
    def thought(self) -> bool:
        """Whether the model has thoughts apart from what it said."""
        if isinstance(self.content, list) and any(p.type != "text" for p in self.content):
            return True
        return bool(self.reasoning or self.reasoning_content)


class _Token(BaseModel):
    token: str
    logprob: float | None  # JSON has no minus infinity


class _SaidToken(_Token):
    """The token that was said, and the likeliest ones, which not every server tells."""

    top_logprobs: list[_Token] | None = None


class _Logprobs(BaseModel):
    content: list[_SaidToken] | None = None


class _TextLogprobs(BaseModel):
    """The same in the form of OpenAI's text completions, which some servers give for chats too.

    llama-cpp-python before 0.3.3 is such a server.
    """

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float | None] | None] | None = None

    @property
    def content(self) -> list[_SaidToken]:
        """As a chat completion has them."""
        likeliest = self.top_logprobs or [None] * len(self.tokens)
        return [
            _SaidToken(
                token=token,
                logprob=logarithm,
                top_logprobs=[_Token(token=t, logprob=p) for t, p in (top or {}).items()],
            )
            for token, logarithm, top in zip(
                self.tokens, self.token_logprobs, likeliest, strict=False
            )
        ]


class _Choice(BaseModel):
    message: _Message
    finish_reason: Any = None
    logprobs: Any = None


class _Tokens(BaseModel):
    prompt_tokens: int = Field(ge=0, le=MOST_TOKENS)
    completion_tokens: int = Field(default=0, ge=0, le=MOST_TOKENS)


class Completion(BaseModel):
    """What is read of a chat completion; servers differ in the rest.

    What a reply can do without is read with more care later: a figure that makes no sense must
    not cost the reply.
    """

    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


def parsed(kind: type[M], name: str, content: bytes) -> M:
    """The content as a `kind`, which messages call `name`. Raises Malformed."""
    try:
        # Unlike pydantic, json reads a byte order mark, and halves of pairs of surrogates.
        body = json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8", "replace")
        return kind.model_validate_json(body)
    except ValidationError as error:
        flaw = error.errors()[0]
        where = ".".join(map(str, flaw["loc"])) or "the body"
        told = f"{where}: {flaw['msg']}"
    except RecursionError:
        told = "its JSON is nested too deep"
    except ValueError as error:
        told = f"no JSON: {error}"
    text = content[:QUOTED].decode(errors="replace")
    raise Malformed(f"not {name} ({told}): {text}")


def reply_of(
    completion: Completion, connection: Connection, *, retries: int, seconds: float
) -> Reply:
    """The reply that came after `retries` failures and, the last time, so many seconds."""
    choice = completion.choices[0]
    told = _read(_TextLogprobs, choice.logprobs) or _read(_Logprobs, choice.logprobs)
    said = (told and told.content) or []
    return Reply(
        text=choice.message.text,
        finish=_finish(choice.finish_reason),
        refusal=choice.message.refusal,
        thought=choice.message.thought,
        first_tokens=_likeliest(said[0]) or None if said else None,
        numbers=_numbers(said) if said else None,
        usage=_usage(completion.usage, connection, retries, seconds),
    )


def _finish(told: Any) -> str:
    """Why the reply ended, by OpenAI's names."""
    if not isinstance(told, str) or not told.isidentifier():
        return "unknown"
    return "length" if told.lower() == "max_tokens" else told


def _usage(told: Any, connection: Connection, retries: int, seconds: float) -> Usage:
    """A server that tells no tokens, or none that can be, leaves them 0 and the dollars unknown."""
    tokens = _read(_Tokens, told) or _Tokens(prompt_tokens=0)
    paid = connection.dollars(tokens.prompt_tokens, tokens.completion_tokens)
    return Usage(
        calls=1,
        retries=retries,
        input_tokens=tokens.prompt_tokens,
        output_tokens=tokens.completion_tokens,
        dollars=paid if tokens.prompt_tokens else None,
        seconds=seconds,
    )


def _likeliest(said: _SaidToken) -> dict[str, float]:
    """Log-probabilities of the likeliest tokens, or of the one that was said if it stands alone.

    Of tokens with the same text the likelier one counts; what cannot be is left out.
    """
    found: dict[str, float] = {}
    for token in said.top_logprobs or [said]:
        if token.logprob is not None and math.isfinite(token.logprob) and token.logprob < ROUNDING:
            likelier = max(token.logprob, found.get(token.token, -math.inf))
            found[token.token] = min(likelier, 0.0)
    return found


def _numbers(tokens: list[_SaidToken]) -> list[Number]:
    """The tokens that are numbers, or might have been, with what else they might have been."""
    found = []
    for place, said in enumerate(tokens):
        digits = "".join(_DIGITS.findall(said.token))
        likeliest = {
            number: logarithm
            for token, logarithm in _likeliest(said).items()
            if _DIGITS.fullmatch(number := token.strip(_SPACES))
        }
        if digits or likeliest:
            found.append(Number(place=place, digits=digits, likeliest=likeliest))
    return found


def _read(kind: type[M], told: Any) -> M | None:
    """What a server told beside the reply, or None if it makes no sense."""
    try:
        return kind.model_validate(told)
    except ValidationError:
        return None

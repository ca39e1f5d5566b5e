"""Calls of an OpenAI-compatible server, repeated while that may help.

Slow to import, so imported only when a call is really made.
"""

import asyncio
import email.utils
import functools
import math
import sys
import time
from datetime import UTC, datetime
from typing import Any

import openai
from pydantic import BaseModel, ValidationError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exception,
    wait_random_exponential,
)

from ..records import Usage
from .endpoint import Connection, Sampling
from .exchange import AskError, Refused, Reply, Request

FIRST_WAIT = 1.0  # seconds before the first retry, at most; doubled with each
LONGEST_WAIT = 60.0  # seconds, unless the server asks for more
PATIENCE = 600.0  # seconds: a server that asks for more than this is not waited for
TOP_LOGPROBS = 5  # as many as every server gives
ADVICE = {  # what to set where a server refuses a parameter
    "response_format": "output: json_object, or output: plain,",
    "json_schema": "output: json_object, or output: plain,",
    "logprobs": "logprobs: false",
    "temperature": "temperature: null",
    "seed": "seed: null",
}


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


class _Completion(BaseModel):
    """What is read of a chat completion; servers differ in the rest."""

    choices: list[_Choice]
    usage: _Tokens | None = None


class _Failure(Exception):
    """An attempt that failed."""

    def __init__(
        self,
        reason: str,
        *,
        passing: bool,
        wait: float = 0.0,
        kind: type[AskError] = AskError,
    ):
        super().__init__(reason)
        self.kind = kind  # of the error that it becomes
        self.passing = passing  # whether another attempt may succeed
        self.wait = wait  # seconds that the server asks to wait


@functools.lru_cache(maxsize=8)
def connected(
    loop: asyncio.AbstractEventLoop, sampling: Sampling, connection: Connection, key: str | None
) -> "Server":
    """The one server of an endpoint in an event loop, which its clients share."""
    return Server(sampling, connection, key)


class Server:
    """The connections of one event loop to the server of an endpoint."""

    def __init__(self, sampling: Sampling, connection: Connection, key: str | None):
        self._sampling = sampling
        self._connection = connection
        self._key = key
        self._limit = "max_tokens"
        self.turns = asyncio.Semaphore(connection.calls_at_once)
        self._openai = openai.AsyncOpenAI(
            api_key=key or "none",  # a server that needs no key ignores it
            base_url=connection.base_url,
            timeout=connection.timeout,
            max_retries=0,
        )

    async def send(self, request: Request) -> Reply:
        """The reply. Raises AskError when it cannot be had, also after retries."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(1 + self._connection.retries),
            retry=retry_if_exception(_passing),
            wait=wait_exception(_told_to_wait) + wait_random_exponential(FIRST_WAIT, LONGEST_WAIT),
            before_sleep=self._report,
            reraise=True,
        )
        try:
            answered: tuple[_Completion, float] = await retrying(self._attempt, request)
        except _Failure as failure:
            tried = retrying.statistics["attempt_number"]
            after = f" (attempt {tried}, the last)" if tried > 1 else ""
            raise failure.kind(self._sentence(failure) + after) from None
        return self._reply(answered[0], retrying.statistics["attempt_number"] - 1, answered[1])

    async def _attempt(self, request: Request) -> tuple[_Completion, float]:
        """What the server answers, after how many seconds. Raises _Failure."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._connection.timeout):
                response = await self._openai.chat.completions.with_raw_response.create(
                    **self._parameters(request)
                )
            completion = _Completion.model_validate_json(response.http_response.content)
        except (TimeoutError, openai.APITimeoutError):
            limit = self._connection.timeout
            raise _Failure(f"no reply within {limit:g} seconds", passing=True) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise _Failure(f"connection failed ({cause})", passing=True) from None
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except ValidationError as error:
            flaw = error.errors()[0]
            where = ".".join(map(str, flaw["loc"])) or "the body"
            text = response.http_response.text
            reason = f"not a chat completion ({where}: {flaw['msg']}): {text}"
            raise _Failure(reason, passing=True) from None
        if not completion.choices:
            raise _Failure("a chat completion without choices", passing=True)
        return completion, time.perf_counter() - began

    def _parameters(self, request: Request) -> dict[str, Any]:
        sampling = self._sampling
        parameters = {
            "model": sampling.model,
            "messages": request.messages,
            self._limit: sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": None if sampling.seed is None else sampling.seed + request.sample,
            "response_format": request.response_format,
            "logprobs": True if request.logprobs else None,
            "top_logprobs": TOP_LOGPROBS if request.logprobs else None,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def _refused(self, error: openai.APIStatusError) -> _Failure:
        status = error.status_code
        detail = error.message.partition(" - ")[2] or error.response.text
        reason = f"status {status}: {detail}"
        if status == 400 and "max_completion_tokens" in detail:
            # Models that reason count what they think too, under a name of its own.
            self._limit = "max_completion_tokens"
            return _Failure(reason, passing=True)
        kind: type[AskError] = AskError
        if status in (400, 413, 422):
            advice = [setting for name, setting in ADVICE.items() if name in detail]
            reason += f" (perhaps the endpoint needs {advice[0]})" if advice else ""
            kind = AskError if advice else Refused
        wait = _retry_after(error.response.headers.get("retry-after"))
        passing = status in (408, 409, 429) or status >= 500
        if error.code == "insufficient_quota":  # a 429 that no waiting cures
            passing = False
        elif wait > PATIENCE:
            passing = False
            reason += f" (it asks to wait {wait:g} seconds)"
        return _Failure(reason, passing=passing, wait=wait, kind=kind)

    def _reply(self, completion: _Completion, retries: int, seconds: float) -> Reply:
        choice = completion.choices[0]
        return Reply(
            text=choice.message.text,
            finish=choice.finish_reason or "unknown",
            refusal=choice.message.refusal,
            first_tokens=_first_tokens(choice.logprobs),
            usage=self._usage(completion.usage, retries, seconds),
        )

    def _usage(self, tokens: _Tokens | None, retries: int, seconds: float) -> Usage:
        """A server that tells no tokens leaves them 0, and the dollars unknown."""
        prices = self._connection.input_price, self._connection.output_price
        dollars = None
        if tokens and prices[0] is not None and prices[1] is not None:
            paid = tokens.prompt_tokens * prices[0] + tokens.completion_tokens * prices[1]
            dollars = paid / 1e6
        tokens = tokens or _Tokens()
        return Usage(
            calls=1,
            retries=retries,
            input_tokens=tokens.prompt_tokens,
            output_tokens=tokens.completion_tokens,
            dollars=dollars,
            seconds=seconds,
        )

    def _sentence(self, failure: BaseException | None) -> str:
        """What failed where, on one line, without the key that servers like to repeat."""
        reason = str(failure)
        if self._key:
            reason = reason.replace(self._key, "***")
        reason = " ".join(reason.split())
        if len(reason) > 400:
            reason = reason[:400] + "…"
        return f"{self._sampling.model} at {self._connection.base_url}: {reason}"

    def _report(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        again = f"asked again in {state.upcoming_sleep:.1f} s"
        print(f"{self._sentence(failure)}; {again}", file=sys.stderr)


def _passing(error: BaseException) -> bool:
    return isinstance(error, _Failure) and error.passing


def _told_to_wait(error: BaseException) -> float:
    return error.wait if isinstance(error, _Failure) else 0.0


def _retry_after(header: str | None) -> float:
    """Seconds to wait: the header holds them, or a date of HTTP; 0 without a valid header."""
    if header is None:
        return 0.0
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        date = email.utils.parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return 0.0
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _first_tokens(logprobs: _Logprobs | None) -> dict[str, float] | None:
    """Of tokens with the same text the likelier one counts; impossible ones are left out."""
    if logprobs is None or not logprobs.content:
        return None
    found: dict[str, float] = {}
    for token in logprobs.content[0].top_logprobs:
        if token.logprob is not None and math.isfinite(token.logprob):
            found[token.token] = max(token.logprob, found.get(token.token, -math.inf))
    return found or None

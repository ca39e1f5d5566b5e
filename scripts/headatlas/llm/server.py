"""Calls of an OpenAI-compatible server, repeated while that may help.

Slow to import, so imported only when a call is really made.
"""

import asyncio
import email.utils
import functools
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import openai
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exception,
    wait_random_exponential,
)

from .completion import Completion, Malformed, parsed, reply_of
from .endpoint import Connection, Sampling
from .exchange import AskError, Refused, Reply, Request

T = TypeVar("T")

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
        self.openai = openai.AsyncOpenAI(
            api_key=key or "none",  # a server that needs no key ignores it
            base_url=connection.base_url,
            timeout=connection.timeout,
            max_retries=0,
        )

    async def send(self, request: Request) -> Reply:
        """The reply. Raises AskError when it cannot be had, also after retries."""

        async def answered() -> tuple[Completion, float]:
            began = time.perf_counter()
            async with asyncio.timeout(self._connection.timeout):
                response = await self.openai.chat.completions.with_raw_response.create(
                    **self.parameters(request)
                )
            found = parsed(Completion, "a chat completion", response.http_response.content)
            return found, time.perf_counter() - began

        (completion, seconds), retries = await self.retried(answered)
        return reply_of(completion, self._connection, retries=retries, seconds=seconds)

    async def retried(self, call: Callable[[], Awaitable[T]], least: int = 0) -> tuple[T, int]:
        """What a call of `openai` gives, and how often it failed before. Raises AskError.

        It is repeated as often as the endpoint says, or `least` times if that is more.
        """
        retrying = AsyncRetrying(
            stop=stop_after_attempt(1 + max(least, self._connection.retries)),
            retry=retry_if_exception(_passing),
            wait=wait_exception(_told_to_wait) + wait_random_exponential(FIRST_WAIT, LONGEST_WAIT),
            before_sleep=self._report,
            reraise=True,
        )
        try:
            found: T = await retrying(self._attempt, call)
        except _Failure as failure:
            tried = retrying.statistics["attempt_number"]
            after = f" (attempt {tried}, the last)" if tried > 1 else ""
            raise failure.kind(self.sentence(str(failure)) + after) from None
        return found, retrying.statistics["attempt_number"] - 1

    async def _attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call gives. Raises _Failure."""
        try:
            return await call()
        except (TimeoutError, openai.APITimeoutError):
            limit = self._connection.timeout
            raise _Failure(f"no reply within {limit:g} seconds", passing=True) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise _Failure(f"connection failed ({cause})", passing=True) from None
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except Malformed as error:
            raise _Failure(str(error), passing=True) from None

    def parameters(self, request: Request) -> dict[str, Any]:
        """The body of the call that asks for a chat completion."""
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

    def sentence(self, reason: str) -> str:
        """What failed where, on one line, without the key that servers like to repeat."""
        if self._key:
            reason = reason.replace(self._key, "***")
        reason = " ".join(reason.split())
        if len(reason) > 400:
            reason = reason[:400] + "…"
        return f"{self._sampling.model} at {self._connection.base_url}: {reason}"

    def _report(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        again = f"asked again in {state.upcoming_sleep:.1f} s"
        print(f"{self.sentence(str(failure))}; {again}", file=sys.stderr)


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

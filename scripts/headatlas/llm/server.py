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

import httpx2
import openai
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exception,
    wait_random_exponential,
)

from ..errors import InputError
from ..printable import printable
from ..settings.endpoint import Connection, Sampling
from .completion import Completion, Malformed, parsed, reply_of
from .dialect import Dialect, instructed
from .exchange import AskError, Refused, Reply, Request
from .failure import Failure
from .reading import guard
from .redaction import SHORTEST, without_key, without_passwords

T = TypeVar("T")

FIRST_WAIT = 1.0  # seconds before the first retry, at most; doubled with each
LONGEST_WAIT = 60.0  # seconds, unless the server asks for more
PATIENCE = 600.0  # seconds: a server that asks for more than this is not waited for
TOP_LOGPROBS = 5  # as many as every server gives
ADVICE = {  # what to set where a server refuses a parameter
    "response_format": "output: json_object, or output: plain",
    "json_schema": "output: json_object, or output: plain",
    "logprobs": "logprobs: false",
    "temperature": "temperature: null",
    "seed": "seed: null",
}


@functools.lru_cache(maxsize=8)
def connected(
    loop: asyncio.AbstractEventLoop, sampling: Sampling, connection: Connection, key: str | None
) -> "Server":
    """The one server of an endpoint in an event loop, which its clients share."""
    return Server(sampling, connection, key)


class Server:
    """The connections of one event loop to the server of an endpoint.

    Raises InputError if none can be made, for want of a usable proxy or certificate.
    """

    def __init__(self, sampling: Sampling, connection: Connection, key: str | None):
        self._sampling = sampling
        self._connection = connection
        self._key = key
        self._dialect = Dialect()
        self._took_system = False  # whether it has answered a message of that role
        self.turns = asyncio.Semaphore(connection.calls_at_once)
        try:
            self.openai = openai.AsyncOpenAI(
                api_key=key or "none",  # a server that needs no key ignores it
                base_url=connection.base_url,
                timeout=connection.timeout,
                max_retries=0,
                default_headers={"Accept-Encoding": "gzip"},
                http_client=openai.DefaultAsyncHttpxClient(
                    event_hooks={"response": [guard]}, timeout=connection.timeout
                ),
            )
        except (ValueError, OSError, ImportError, httpx2.InvalidURL) as error:
            hint = "are base_url and the variables HTTP_PROXY and HTTPS_PROXY right?"
            raise InputError(
                self.sentence(f"no connection can be made ({error}); {hint}")
            ) from None

    async def send(self, request: Request) -> Reply:
        """The reply. Raises AskError when it cannot be had, also after retries."""

        async def answered() -> tuple[Completion, float]:
            dialect = self._dialect
            try:
                return await self._completed(request, dialect)
            except openai.InternalServerError as error:
                told = dialect.learnt(error.response.text) != dialect
                sure = self._took_system or not dialect.system or not instructed(request.messages)
                if told or sure or error.status_code != 500:
                    raise
                if (found := await self._without_system(request, dialect)) is None:
                    raise
                return found

        (completion, seconds), retries = await self.retried(answered)
        return self.reply(completion, retries=retries, seconds=seconds)

    async def _completed(self, request: Request, dialect: Dialect) -> tuple[Completion, float]:
        """An answer, and its seconds. Raises the errors of `openai`, and Malformed."""
        began = time.perf_counter()
        response = await self.openai.chat.completions.with_raw_response.create(
            **self.parameters(request, dialect)
        )
        found = parsed(Completion, "a chat completion", response.http_response.content)
        if dialect.system and instructed(request.messages):
            self._took_system = True
        return found, time.perf_counter() - began

    async def _without_system(
        self, request: Request, dialect: Dialect
    ) -> tuple[Completion, float] | None:
        """An answer in the other form, after an error of the server; None if that is no help.

        Some servers say of a template that raises an exception only that they have an error. That
        it was the role "system" is clear where the server answers without it, and not with it.
        """
        try:
            found = await self._completed(request, dialect.without_system)
        except openai.APIStatusError:
            return None
        try:
            return await self._completed(request, dialect)
        except openai.InternalServerError:
            self._learn(dialect.without_system)
            return found

    def without_system(self, why: str) -> None:
        """From now on, put the instructions before the first question, for it `why`."""
        self._learn(self._dialect.without_system, why)

    def _learn(self, dialect: Dialect, why: str = "takes no message of the role system") -> None:
        """Speak so from now on."""
        if self._dialect.system and not dialect.system:
            told = f"it {why}: instructions stand before the first question"
            print(self.sentence(told), file=sys.stderr)
        self._dialect = dialect

    def reply(self, completion: Completion, *, retries: int, seconds: float) -> Reply:
        """The reply of a completion, fit to be kept and shown."""
        key = self._key if self._key and len(self._key) >= SHORTEST else None
        reply = reply_of(completion, self._connection, retries=retries, seconds=seconds)
        tokens = reply.first_tokens
        return reply.model_copy(
            update={
                "text": without_key(printable(reply.text), key),
                "refusal": reply.refusal and without_key(printable(reply.refusal), key),
                "first_tokens": tokens and {printable(t): p for t, p in tokens.items()},
            }
        )

    async def retried(
        self, call: Callable[[], Awaitable[T]], *, least: int = 0, seconds: float = 0.0
    ) -> tuple[T, int]:
        """What a call of `openai` gives, and how often it failed before. Raises AskError.

        It is repeated as often as the endpoint says, or `least` times if that is more; it may
        take as long as the endpoint says, or `seconds` if that is more.
        """
        retrying = AsyncRetrying(
            stop=stop_after_attempt(1 + max(least, self._connection.retries)),
            retry=retry_if_exception(_passing),
            wait=wait_exception(_told_to_wait) + wait_random_exponential(FIRST_WAIT, LONGEST_WAIT),
            before_sleep=self._report,
            reraise=True,
        )
        try:
            limit = max(seconds, self._connection.timeout)
            found: T = await retrying(self._attempt, call, limit)
        except Failure as failure:
            tried = retrying.statistics["attempt_number"]
            after = f" (attempt {tried}, the last)" if tried > 1 else ""
            raise failure.kind(self.sentence(str(failure)) + after) from None
        return found, retrying.statistics["attempt_number"] - 1

    async def _attempt(self, call: Callable[[], Awaitable[T]], limit: float) -> T:
        """What the call gives, in a form that the server takes. Raises Failure."""
        while True:
            dialect = self._dialect
            try:
                async with asyncio.timeout(limit):
                    return await call()
            except (TimeoutError, openai.APITimeoutError):
                reason = f"no reply within {limit:g} seconds{self._queue}"
                raise Failure(reason, passing=True) from None
            except openai.APIConnectionError as error:
                cause = error.__cause__ or error
                raise Failure(f"connection failed ({cause})", passing=True) from None
            except openai.APIStatusError as error:
                self._learn(self._dialect.learnt(error.response.text))
                if self._dialect == dialect:
                    raise self._refused(error) from None
            except Malformed as error:
                raise Failure(str(error), passing=True) from None
            except Failure:
                raise
            except Exception as error:  # an address, proxy or certificate that is none, and bugs
                flaw = error
                while isinstance(flaw, ExceptionGroup):
                    flaw = flaw.exceptions[0]
                reason = f"it cannot be called ({type(flaw).__name__}: {flaw})"
                raise Failure(reason, passing=False) from None

    @property
    def _queue(self) -> str:
        """What else than a slow reply may have taken the time."""
        if (calls := self._connection.calls_at_once) == 1:
            return ""
        return (
            f" (if it answers fewer than {calls} calls at the same time, the others wait: a smaller"
            " calls_at_once helps, or a larger timeout)"
        )

    def parameters(self, request: Request, dialect: Dialect | None = None) -> dict[str, Any]:
        """The body of the call that asks for a chat completion, by default as was learnt so far."""
        sampling, dialect = self._sampling, dialect or self._dialect
        parameters = {
            "model": sampling.model,
            "messages": dialect.spoken(request.messages),
            dialect.limit: sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": None if sampling.seed is None else sampling.seed + request.sample,
            "response_format": request.response_format,
            "logprobs": True if request.logprobs else None,
            "top_logprobs": TOP_LOGPROBS if request.logprobs else None,
        }
        return {name: value for name, value in parameters.items() if value is not None}

    def _refused(self, error: openai.APIStatusError) -> Failure:
        status = error.status_code
        detail = error.message.partition(" - ")[2] or error.response.text
        reason = f"status {status}: {detail}"
        kind: type[AskError] = AskError
        passing = status in (408, 409, 429) or status >= 500
        if status in (400, 413, 422, 500):  # some have no other error than the last
            advice = [setting for name, setting in ADVICE.items() if name in detail]
            reason += f" (perhaps the endpoint needs {advice[0]})" if advice else ""
            kind = AskError if advice or passing else Refused
            passing = passing and not advice
        wait = _retry_after(error.response.headers.get("retry-after"))
        if error.code == "insufficient_quota":  # a 429 that no waiting cures
            passing = False
        elif wait > PATIENCE:
            passing = False
            reason += f" (it asks to wait {wait:g} seconds)"
        return Failure(reason, passing=passing, wait=wait, kind=kind)

    def sentence(self, reason: str) -> str:
        """What failed where, on one line, without the key that servers like to repeat."""
        reason = without_key(without_passwords(printable(reason)), self._key)
        reason = " ".join(reason.split())
        if len(reason) > 400:
            reason = reason[:400] + "…"
        return f"{self._sampling.model} at {self._connection.base_url}: {reason}"

    def _report(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        again = f"asked again in {state.upcoming_sleep:.1f} s"
        print(f"{self.sentence(str(failure))}; {again}", file=sys.stderr)


def _passing(error: BaseException) -> bool:
    return isinstance(error, Failure) and error.passing


def _told_to_wait(error: BaseException) -> float:
    return error.wait if isinstance(error, Failure) else 0.0


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

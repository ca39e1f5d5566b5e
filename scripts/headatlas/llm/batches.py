"""OpenAI's Batch API: many requests in a file, answered within a day, at a lower price.

Slow to import, so imported only when a batch is really asked for.
"""

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Literal, TypeVar

import openai
from pydantic import BaseModel

from ..progress import Progress
from .completion import Completion, Malformed, parsed
from .exchange import AskError, Request
from .failure import Failure
from .server import Server

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

URL: Final = "/v1/chat/completions"  # of every request in a batch, wherever the server is
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two looks at a batch, ever longer
LOOKS = 120  # that fail one after another, at least: an hour, in a wait of a day
ENDED = ("completed", "expired", "cancelled", "failed")
UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling")
LONGEST = 48 * 3600.0  # seconds that a batch is waited for; it should end within 24 hours
TRANSFER = 3600.0  # seconds that its files may take
PAGE = 100  # batches in a part of the list of all
PAGES = 1000  # of that list, at most
TOO_LARGE = "token_limit_exceeded"  # the error of a batch that is more than a server takes at once


class BatchFailed(AskError):
    """The server has refused a batch as a whole; nothing of it was answered, or is paid for."""


class BatchTooLarge(BatchFailed):
    """It would take fewer requests at once, or these once others have ended."""


class _File(BaseModel):
    id: str


class _Flaw(BaseModel):
    code: str | None = None
    message: str | None = None
    line: int | None = None


class _Flaws(BaseModel):
    data: list[_Flaw] | None = None


class _Counts(BaseModel):
    total: int = 0
    completed: int = 0


class Batch(BaseModel):
    """What is read of a batch's state."""

    id: str
    input_file_id: str
    status: str
    output_file_id: str | None = None
    errors: _Flaws | None = None
    request_counts: _Counts | None = None


class _Page(BaseModel):
    data: list[Batch]
    has_more: bool = False


class _Response(BaseModel):
    status_code: Literal[200]
    body: Completion


class _Answer(BaseModel):
    """A line of a batch's output that holds a reply; one about an error does not fit."""

    custom_id: str
    response: _Response


class BatchServer:
    """The Batch API of a server."""

    def __init__(self, server: Server):
        self._server = server
        self._files = server.openai.files.with_raw_response
        self._batches = server.openai.batches.with_raw_response

    def line(self, name: str, request: Request) -> bytes:
        """A request as the file of a batch has it; the reply to it bears the same name."""
        body = self._server.parameters(request)
        line = {"custom_id": name, "method": "POST", "url": URL, "body": body}
        return json.dumps(line).encode() + b"\n"

    async def upload(self, lines: bytes) -> str:
        """Send the file of a batch, which costs nothing yet; return its id."""

        async def sent() -> _File:
            file = ("batch.jsonl", lines)
            return _read(_File, "a file", await self._files.create(file=file, purpose="batch"))

        return (await self._retried(sent, seconds=TRANSFER)).id

    async def ended(self, file: str) -> Batch:
        """The batch of an uploaded file, once it has ended; made if there is none.

        Raises BatchFailed, and AskError if the server is away.
        """
        batch = await self._retried(functools.partial(self._found_or_made, file))
        progress, pause, began = Progress(), FIRST_PAUSE, time.monotonic()
        while batch.status not in ENDED:
            if batch.status not in UNDER_WAY:
                raise self._error(f"{batch.id} has the unknown status {batch.status!r}")
            if time.monotonic() - began > LONGEST:
                raise self._error(f"{batch.id} has not ended within {LONGEST / 3600:g} hours")
            counts = batch.request_counts or _Counts()
            progress(f"{batch.id}: {batch.status}, {counts.completed} of {counts.total} answered")
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)
            look = functools.partial(self._looked_at, batch.id)
            batch = await self._retried(look, least=LOOKS)
        if batch.status == "failed":
            raise self._failure(batch)
        return batch

    async def busy(self) -> bool:
        """Whether a batch is under way, whoever made it. Raises AskError."""

        async def found() -> bool:
            return any([batch.status not in ENDED async for batch in self._all()])

        return await self._retried(found)

    async def answers(self, batch: Batch) -> dict[str, Completion]:
        """What an ended batch has answered, by the names of the requests."""
        file = batch.output_file_id
        if file is None:
            return {}

        async def fetched() -> bytes:
            return (await self._files.content(file)).http_response.content

        answers = {}
        for line in (await self._retried(fetched, seconds=TRANSFER)).splitlines():
            try:
                answer = parsed(_Answer, "an answer", line)
            except Malformed:
                continue
            answers[answer.custom_id] = answer.response.body
        return answers

    async def _found_or_made(self, file: str) -> Batch:
        """What a process that was killed, or an attempt that failed, has made is not made twice."""
        async for batch in self._all():
            if batch.input_file_id == file:
                return batch
        made = await self._batches.create(input_file_id=file, endpoint=URL, completion_window="24h")
        return _read(Batch, "a batch", made)

    async def _all(self) -> AsyncIterator[Batch]:
        """The batches that the server knows of."""
        after: str | openai.Omit = openai.omit
        for _ in range(PAGES):
            found = await self._batches.list(limit=PAGE, after=after)
            page = _read(_Page, "a list of batches", found)
            for batch in page.data:
                yield batch
            if not (page.data and page.has_more):
                return
            if after == page.data[-1].id:
                break
            after = page.data[-1].id
        raise Failure("its list of batches does not end", passing=False)

    async def _looked_at(self, batch: str) -> Batch:
        return _read(Batch, "a batch", await self._batches.retrieve(batch))

    async def _retried(
        self, call: Callable[[], Awaitable[T]], *, least: int = 0, seconds: float = 0.0
    ) -> T:
        try:
            return (await self._server.retried(call, least=least, seconds=seconds))[0]
        except AskError as error:
            where = "in a call of the Batch API, which not every server has"
            raise AskError(f"{error} ({where})") from None

    def _error(self, reason: str) -> AskError:
        return AskError(self._server.sentence(reason))

    def _failure(self, batch: Batch) -> BatchFailed:
        flaws = batch.errors.data if batch.errors and batch.errors.data else []
        told = "; ".join(
            f"line {flaw.line}: {flaw.message}" if flaw.line else str(flaw.message)
            for flaw in flaws
        )
        kind = BatchTooLarge if TOO_LARGE in {flaw.code for flaw in flaws} else BatchFailed
        return kind(self._server.sentence(f"{batch.id} failed: {told or 'no reason is given'}"))


def _read(kind: type[M], name: str, response: Any) -> M:
    """What a raw response of `openai` holds. Raises Malformed."""
    return parsed(kind, name, response.http_response.content)

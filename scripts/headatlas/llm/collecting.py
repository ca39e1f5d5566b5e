"""Asking in batches: what is not known yet is noted first, and then asked for all together.

Before a batch is made, the id of its file and the requests are written down, and kept until the
replies are in the cache. So whoever follows a process that was killed finds its batch again.

Slow to import.
"""

import asyncio
import hashlib
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..records.base import Record
from ..settings.endpoint import Connection, Sampling
from ..storage import read_record, write_record
from .batches import LONGEST_PAUSE, Batch, BatchFailed, BatchServer, BatchTooLarge
from .budget import Spent
from .client import Client
from .exchange import AskError, BudgetSpent, Refused, Reply, Request
from .together import together

MOST_REQUESTS, MOST_BYTES = 50_000, 100_000_000  # in a batch


class Wanted(AskError):
    """The reply is not there yet; it was noted that it is wanted."""


class Pending(Record):
    """A file that was uploaded for a batch, and what stands in it."""

    base_url: str
    model: str
    input_file: str
    requests: list[Request]


class Collecting(Client):
    """A client that asks only when it is told to `collect`, if its endpoint is `batch`.

    Until then, what is not in the cache raises Wanted. The folder `pending` is that of its job
    alone.
    """

    def __init__(
        self,
        sampling: Sampling,
        connection: Connection,
        *,
        replies: Path,
        environment: Mapping[str, str],
        pending: Path,
    ):
        super().__init__(sampling, connection, replies=replies, environment=environment)
        self._pending = pending
        self._wanted: dict[str, Request] = {}  # by name
        self._in_vain: dict[str, AskError] = {}  # why there is no reply
        self._proven = False  # whether this process has made a call
        self._most = MOST_REQUESTS  # that the server takes now

    async def resume(self) -> None:
        """Wait for the batches that a killed process has left, and keep their replies.

        Raises AskError if the server is away.
        """
        for path in sorted(self._pending.glob("*.json")):
            pending = read_record(path, Pending)
            if (pending.base_url, pending.model) != self._place:
                continue
            try:
                with suppress(BatchFailed):
                    await self._ended(path, pending)
            except AskError as error:
                raise AskError(f"{path}: {error}") from None

    async def collect(self) -> None:
        """Ask for what was noted; the next `ask` returns the reply, or raises why there is none.

        The first request of a process is asked directly, so that a wrong key or parameter shows
        at once, and so is what a batch does not answer. Of the others one batch after another is
        made, as large as server and budget allow. Raises AskError.
        """
        waiting, self._wanted = list(self._wanted.values()), {}
        if waiting and not self._proven:
            await self._directly(waiting.pop(0))
            self._proven = True
        while waiting:
            waiting = await self._next_batch(waiting)

    async def _paid_for(self, request: Request) -> Reply:
        if not self._connection.batch:
            return await super()._paid_for(request)
        name = self._name(request)
        if name in self._in_vain:
            raise self._in_vain[name]
        self._wanted[name] = request
        raise Wanted(f"{self.sampling.model} is to be asked in a batch")

    async def _directly(self, request: Request) -> None:
        try:
            await super()._paid_for(request)
        except (BudgetSpent, Refused) as error:
            self._in_vain[self._name(request)] = error

    async def _next_batch(self, waiting: Sequence[Request]) -> list[Request]:
        """Ask for the first of the requests, as many as make a batch; return who waits then."""
        server = BatchServer(self._server())
        try:
            lines, at_most = self._fitting(server, waiting)
        except BudgetSpent as error:
            self._in_vain |= {self._name(request): error for request in waiting}
            return []
        asked, others = list(waiting[: len(lines)]), list(waiting[len(lines) :])
        with self._ledger.under_way(at_most):
            crowded = len(asked) == 1 and await server.busy()
            path, pending = await self._uploaded(server, asked, lines)
            try:
                batch, left = await self._ended(path, pending)
            except BatchTooLarge as error:
                if crowded:
                    await asyncio.sleep(LONGEST_PAUSE)
                elif len(asked) == 1:
                    raise
                print(f"{error}; tried again", file=sys.stderr)
                self._most = max(1, len(asked) // 2)
                return [*asked, *others]
        self._most = min(2 * self._most, MOST_REQUESTS)  # there may be room again
        told = f"{batch.id} {batch.status}: {len(asked) - len(left)} of {len(asked)} answered"
        print(f"{told}, {len(others)} wait", file=sys.stderr)
        if batch.status == "completed":
            await together(map(self._directly, left))
            return others
        if batch.status == "cancelled" or len(left) == len(asked):
            raise AskError(f"{self.sampling.model} at {self._connection.base_url}: {told}")
        return [*left, *others]

    def _fitting(
        self, server: BatchServer, waiting: Sequence[Request]
    ) -> tuple[list[bytes], Spent]:
        """The lines of as many of the first requests as make a batch, and what they may cost.

        Raises BudgetSpent if the budget does not cover even one.
        """
        lines: list[bytes] = []
        total, size = Spent(model=self.sampling.model), 0
        for request in waiting[: self._most]:
            line = server.line(self._name(request), request)
            more, size = total.plus(self._at_most(request)), size + len(line)
            if lines and size > MOST_BYTES:
                break
            try:
                self._ledger.check(self._connection, more)
            except BudgetSpent:
                if not lines:
                    raise
                break
            lines.append(line)
            total = more
        return lines, total

    async def _uploaded(
        self, server: BatchServer, requests: list[Request], lines: Sequence[bytes]
    ) -> tuple[Path, Pending]:
        """Send the file of a batch, and write down what is to be known of it after a kill."""
        file = await server.upload(b"".join(lines))
        base_url, model = self._place
        pending = Pending(base_url=base_url, model=model, input_file=file, requests=requests)
        path = self._pending / f"{hashlib.sha256(file.encode()).hexdigest()[:16]}.json"
        write_record(path, pending)
        return path, pending

    async def _ended(self, path: Path, pending: Pending) -> tuple[Batch, list[Request]]:
        """Keep what the batch has answered once it has ended; return what it has not."""
        server = BatchServer(self._server())
        try:
            batch = await server.ended(pending.input_file)
        except BatchFailed:
            path.unlink()
            raise
        requests = {self._name(request): request for request in pending.requests}
        answers = await server.answers(batch)
        for name in [name for name in requests if name in answers]:
            request = requests.pop(name)
            if self._cache.get(request) is None:
                reply = self._server().reply(answers[name], retries=0, seconds=0.0)
                self._ledger.add(reply.usage, self._at_most(request))
                try:
                    self._keep(request, reply)
                except AskError as error:
                    self._in_vain[name] = error
        path.unlink()
        return batch, list(requests.values())

    def _name(self, request: Request) -> str:
        return self._cache.path(request).stem

    @property
    def _place(self) -> tuple[str, str]:
        return self._connection.base_url, self.sampling.model

"""Asking a language model: from the cache where the reply is known, else from its server."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from pydantic import BaseModel

from ..errors import InputError
from .budget import Spent, ledger
from .cache import Cache
from .endpoint import Connection, Sampling
from .exchange import AskError, BudgetSpent, Message, Refused, Reply, Request
from .schema import response_format
from .usage import add, no_usage

if TYPE_CHECKING:
    from .server import Server

__all__ = ["AskError", "BudgetSpent", "Client", "Message", "Refused", "Reply"]


class Client:
    """A language model. Replies are shared with all clients of the same folder."""

    def __init__(
        self,
        sampling: Sampling,
        connection: Connection,
        *,
        replies: Path,
        environment: Mapping[str, str],
    ):
        self.sampling = sampling
        self.usage = no_usage(connection.input_price is not None)
        self._connection = connection
        self._environment = environment
        self._cache = Cache(replies)
        self._counted: set[Path] = set()  # requests whose replies are in `usage`
        self._asking: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        self._ledger = ledger(replies.resolve(), sampling.model)

    async def ask(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        sample: int = 0,
        logprobs: bool = False,
    ) -> Reply:
        """The model's reply, as it is: nobody has checked that it follows the schema.

        Replies to the same messages differ by `sample`. Log-probabilities of the first token
        are given only where the endpoint has them. Of an endpoint, `calls_at_once` calls are
        made at the same time, so that many asks may be started together; the same request is
        made, and counted in `usage`, once.
        Raises AskError, and InputError if the key is needed and not in the environment.
        """
        request = Request(
            sampling=self.sampling,
            messages=[{name: _clean(text) for name, text in m.items()} for m in messages],
            response_format=response_format(self.sampling, schema) if schema else None,
            sample=sample,
            logprobs=logprobs and self.sampling.logprobs,
        )
        path = self._cache.path(request)
        # Equal requests under way at the same time wait for the first of them.
        async with self._asking.setdefault(path, asyncio.Lock()):
            reply = self._cache.get(request) or await self._paid_for(request)
        if path not in self._counted:
            self._counted.add(path)
            self.usage = add(self.usage, reply.usage)
        return reply

    async def _paid_for(self, request: Request) -> Reply:
        server = self._server()
        at_most = self._at_most(request)
        async with server.turns:
            with self._ledger.call(self._connection, at_most):
                reply = await server.send(request)
                self._ledger.add(reply.usage, at_most)
        self._cache.put(request, reply)
        return reply

    def _server(self) -> "Server":
        from .server import connected

        return connected(asyncio.get_running_loop(), self.sampling, self._connection, self._key())

    def _key(self) -> str | None:
        name = self._connection.api_key_env
        if name is None:
            return None
        key = self._environment.get(name, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            what = "holds characters that no key has" if key else "is not set"
            raise InputError(
                f"the environment variable {name}, which should hold the key for "
                f"{self.sampling.model} at {self._connection.base_url}, {what}"
            )
        return key

    def _at_most(self, request: Request) -> Spent:
        """What the reply may cost: no token of the prompt is shorter than a byte."""
        prompt = len(request.model_dump_json().encode())
        reply = self.sampling.max_tokens
        return Spent(
            model=self.sampling.model,
            calls=1,
            tokens=prompt + reply,
            dollars=self._connection.dollars(prompt, reply) or 0.0,
        )


def _clean(text: str) -> str:
    """Text that UTF-8 can carry: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode()

"""Asking a language model: from the cache where the reply is known, else from its server."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from ..errors import InputError
from .budget import Spent, ledger
from .cache import Cache
from .endpoint import Connection, Sampling
from .exchange import AskError, BudgetSpent, Message, Reply, Request
from .schema import response_format
from .usage import add, no_usage

if TYPE_CHECKING:
    from .server import Server

__all__ = ["AskError", "BudgetSpent", "Client", "Message", "Reply"]


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
        self._ledger = ledger(replies.resolve(), sampling.model)
        self._servers: dict[asyncio.AbstractEventLoop, Server] = {}

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
        are given only where the endpoint has them. Of a client, `calls_at_once` calls are made
        at the same time, so that many asks may be started together.
        Raises AskError, and InputError if the key is not in the environment.
        """
        request = Request(
            sampling=self.sampling,
            messages=[{name: _clean(text) for name, text in m.items()} for m in messages],
            response_format=response_format(self.sampling, schema) if schema else None,
            sample=sample,
            logprobs=logprobs and self.sampling.logprobs,
        )
        reply = self._cache.get(request) or await self._paid_for(request)
        self.usage = add(self.usage, reply.usage)
        return reply

    async def _paid_for(self, request: Request) -> Reply:
        loop = asyncio.get_running_loop()
        if loop not in self._servers:  # connections live and die with the loop that opened them
            from .server import Server

            self._servers = {loop: Server(self.sampling, self._connection, self._key())}
        server = self._servers[loop]
        async with server.turns:
            with self._ledger.call(self._connection, self._at_most(request)):
                reply = await server.send(request)
                self._ledger.add(reply.usage)
        self._cache.put(request, reply)
        return reply

    def _key(self) -> str | None:
        name = self._connection.api_key_env
        if name is None:
            return None
        if not self._environment.get(name):
            raise InputError(
                f"the environment variable {name}, which should hold the key for "
                f"{self.sampling.model} at {self._connection.base_url}, is not set"
            )
        return self._environment[name]

    def _at_most(self, request: Request) -> Spent:
        """What the reply may cost: no token of the prompt is shorter than a byte."""
        prompt = sum(len(m["content"].encode()) + 16 for m in request.messages)
        reply = self.sampling.max_tokens
        prices = self._connection.input_price or 0.0, self._connection.output_price or 0.0
        return Spent(
            model=self.sampling.model,
            calls=1,
            tokens=prompt + reply,
            dollars=(prompt * prices[0] + reply * prices[1]) / 1e6,
        )


def _clean(text: str) -> str:
    """Text that UTF-8 can carry: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode()

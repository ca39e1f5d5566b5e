"""Asking a language model: from the cache where the reply is known, else from its server."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from pydantic import BaseModel

from ..errors import InputError
from ..settings.endpoint import Connection, Sampling
from .budget import Spent, ledger
from .cache import Cache
from .dialect import Dialect, instructed
from .exchange import AskError, BudgetSpent, Message, Refused, Reply, Request
from .schema import response_format
from .usage import add, no_usage
from .window import LEAST, halves, is_cut, looks_cut

if TYPE_CHECKING:
    from .server import Server

LONGEST_TOKEN = 128  # characters; the longest of any vocabulary are rows of so many spaces

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
        self._answers = False  # whether the server has answered anything
        self._told = False  # whether it was said that there are no log-probabilities
        self._longest = 0  # tokens of the longest prompt that is known to be read as a whole

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
        """The reply, which is kept. Raises AskError."""
        try:
            reply = await self._sent(request)
        except Refused as error:
            await self._check_answers(request, error)
            raise
        if looks_cut(request.messages, reply.usage.input_tokens):
            reply = await self._whole(request, reply)
        self._keep(request, reply)
        if request.logprobs and reply.first_tokens is None and not self._told:
            self._told = True
            flaw = "gives no log-probabilities, though logprobs is true: answers are yes or no"
            print(f"{self._where}: it {flaw}", file=sys.stderr)
        return reply

    async def _sent(self, request: Request) -> Reply:
        server = self._server()
        at_most = self._at_most(request)
        async with server.turns:
            with self._ledger.call(self._connection, at_most):
                reply = await server.send(request)
                self._ledger.add(reply.usage, at_most)
        self._answers = True
        return reply

    def _keep(self, request: Request, reply: Reply) -> None:
        """Raises AskError if the reply is longer than any that was asked for."""
        most = LONGEST_TOKEN * self.sampling.max_tokens
        size = len(reply.text) + len(reply.refusal or "")
        if size > most:
            raise AskError(
                f"{self._where}: a reply of {size:,} characters, more than max_tokens"
                f" allows ({self.sampling.max_tokens:,} tokens, {most:,} characters)"
            )
        self._cache.put(request, reply)

    async def _check_answers(self, request: Request, refusal: Refused) -> None:
        """Raise AskError if the server refuses every prompt, not this one for what is in it."""
        if self._answers:
            return
        try:
            await self._sent(request.model_copy(update={"messages": _greeting(request.messages)}))
        except BudgetSpent:
            return
        except Refused:
            raise AskError(f"{refusal}; it refuses whatever it is asked") from None

    async def _whole(self, request: Request, reply: Reply) -> Reply:
        """A reply to all of the prompt: this one, or one to instructions before the question.

        Raises AskError if the server has read only part of the prompt in either form.
        """
        told = reply.usage.input_tokens
        if told <= self._longest:
            return reply
        try:
            counts = [
                (await self._sent(_counting(request, half))).usage.input_tokens
                for half in halves(request.messages)
            ]
            if not is_cut(told, counts):
                self._longest = told
                return reply
            if instructed(request.messages):
                again = await self._sent(_folded(request))
                if not is_cut(again.usage.input_tokens, counts):
                    self._server().without_system("passes over messages of the role system")
                    return again
        except (BudgetSpent, Refused):
            return reply  # who is refused is not cut
        if told < LEAST:  # no window is so small: some do not count what they have kept
            return reply
        raise AskError(
            f"{self._where}: it has read {told:,} tokens of a prompt of about"
            f" {sum(counts):,} and dropped the others: its window is too small; raise it (for"
            " Ollama: OLLAMA_CONTEXT_LENGTH=16384), or show fewer exemplars"
        )

    @property
    def _where(self) -> str:
        return f"{self.sampling.model} at {self._connection.base_url}"

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
                f"{self._where}, {what}"
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


def _greeting(messages: Sequence[Message]) -> list[Message]:
    """A prompt of the same form that nobody can object to."""
    return [{"role": message["role"], "content": "Say yes."} for message in messages[:2]]


def _counting(request: Request, messages: Sequence[Message]) -> Request:
    """A prompt of which only the count of its tokens is wanted."""
    sampling = request.sampling.model_copy(update={"max_tokens": 1})
    return Request(
        sampling=sampling, messages=list(messages), response_format=None, sample=0, logprobs=False
    )


def _folded(request: Request) -> Request:
    """The request with its instructions before the question."""
    messages = Dialect().without_system.spoken(request.messages)
    return request.model_copy(update={"messages": messages})


def _clean(text: str) -> str:
    """Text that UTF-8 can carry: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode()

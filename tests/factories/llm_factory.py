"""Clients of the server for tests."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from llm_server import LlmServer

from headatlas.llm.client import Client, Message
from headatlas.llm.collecting import Collecting
from headatlas.settings.endpoint import Connection, Sampling

C = TypeVar("C", bound=Client)
HELLO: list[Message] = [{"role": "user", "content": "Hello"}]


def make_client(
    server: LlmServer, replies: Path, environment: Mapping[str, str] | None = None, **entry: Any
) -> Client:
    """A client with the settings of an entry `endpoints`, where others than the defaults."""
    return _made(Client, server, replies, environment, entry)


def make_collecting(
    server: LlmServer, replies: Path, environment: Mapping[str, str] | None = None, **entry: Any
) -> Collecting:
    """A client that asks in batches."""
    kind = functools.partial(Collecting, pending=replies / "batches")
    return _made(kind, server, replies, environment, {"batch": True} | entry)


def _made(
    kind: Callable[..., C],
    server: LlmServer,
    replies: Path,
    environment: Mapping[str, str] | None,
    entry: dict[str, Any],
) -> C:
    entry = {"model": "small", "base_url": server.base_url, **entry}
    return kind(
        Sampling(**{k: v for k, v in entry.items() if k in Sampling.model_fields}),
        Connection(**{k: v for k, v in entry.items() if k in Connection.model_fields}),
        replies=replies,
        environment=environment or {},
    )

"""Clients of the server for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_server import LlmServer

from headatlas.llm.client import Client, Message
from headatlas.llm.endpoint import Connection, Sampling

HELLO: list[Message] = [{"role": "user", "content": "Hello"}]


def make_client(
    server: LlmServer, replies: Path, environment: Mapping[str, str] | None = None, **entry: Any
) -> Client:
    """A client with the settings of an entry `endpoints`, where others than the defaults."""
    entry = {"model": "small", "base_url": server.base_url, **entry}
    return Client(
        Sampling(**{k: v for k, v in entry.items() if k in Sampling.model_fields}),
        Connection(**{k: v for k, v in entry.items() if k in Connection.model_fields}),
        replies=replies,
        environment=environment or {},
    )

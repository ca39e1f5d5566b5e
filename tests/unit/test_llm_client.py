import asyncio
from pathlib import Path

from llm_server import LlmServer

from headatlas.llm.client import Client
from headatlas.llm.endpoint import Connection, Sampling


def test_a(tmp_path: Path) -> None:
    with LlmServer(lambda body: "hello") as server:
        client = Client(
            Sampling(model="m"),
            Connection(base_url=server.base_url),
            replies=tmp_path,
            environment={},
        )
        reply = asyncio.run(client.ask([{"role": "user", "content": "hi"}]))
        print(reply, server.requests)
        again = asyncio.run(client.ask([{"role": "user", "content": "hi"}]))
        assert reply == again and len(server.requests) == 1

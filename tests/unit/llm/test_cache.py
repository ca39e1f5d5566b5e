"""Replies are kept by content and shared by processes; damage is survived."""

import asyncio
import json
from pathlib import Path

import pytest
from llm_factory import HELLO, make_client
from llm_server import Body, LlmServer
from pydantic import BaseModel

from headatlas.llm.client import Client


class Verdict(BaseModel):
    good: bool


class Reason(BaseModel):
    good: str


def files_of(replies: Path) -> list[Path]:
    return sorted(path for path in replies.glob("*/*.json") if path.parent.name != "spent")


def numbered() -> LlmServer:
    """Each reply is the number of its request."""
    server = LlmServer(lambda body: str(len(server.requests)))
    return server


def test_a_request_is_made_once_also_by_another_client_at_another_address(tmp_path: Path) -> None:
    with numbered() as server, numbered() as elsewhere:
        first = asyncio.run(make_client(server, tmp_path).ask(HELLO))
        client = make_client(elsewhere, tmp_path, retries=1, api_key_env="UNSET")
        assert asyncio.run(client.ask(HELLO)) == first
        assert elsewhere.requests == []
    assert len(files_of(tmp_path)) == 1


def test_equal_requests_at_the_same_time_are_one(tmp_path: Path) -> None:
    async def thrice(client: Client) -> list[str]:
        replies = await asyncio.gather(*(client.ask(HELLO) for _ in range(3)))
        return [reply.text for reply in replies]

    with numbered() as server:
        client = make_client(server, tmp_path, calls_at_once=3)
        assert asyncio.run(thrice(client)) == ["1", "1", "1"]
        assert len(server.requests) == 1 and client.usage.calls == 1


def test_whatever_may_change_a_reply_is_part_of_the_key(tmp_path: Path) -> None:
    other = [*HELLO, {"role": "assistant", "content": "Yes?"}]

    def ask_all(clients: list[Client]) -> list[str]:
        asks = [
            clients[0].ask(HELLO),
            clients[0].ask(other),
            clients[0].ask(HELLO, sample=1),
            clients[0].ask(HELLO, logprobs=True),
            clients[0].ask(HELLO, schema=Verdict),
            clients[0].ask(HELLO, schema=Reason),
            *(client.ask(HELLO) for client in clients[1:]),
        ]
        return [asyncio.run(ask).text for ask in asks]

    settings = [{}, {"model": "large"}, {"temperature": 0.5}, {"seed": 1}, {"max_tokens": 5}]
    with numbered() as server:
        clients = [make_client(server, tmp_path, logprobs=True, **more) for more in settings]
        texts = ask_all(clients)
        assert len(set(texts)) == 10
        assert ask_all(clients) == texts
        assert len(server.requests) == 10


def test_the_file_can_be_read_by_whoever_wants_to_know(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        asyncio.run(make_client(server, tmp_path, seed=3).ask(HELLO))
    (path,) = files_of(tmp_path)
    assert path.parent.name == path.name[:2]
    assert len(path.stem) == 64
    found = json.loads(path.read_text())
    assert found["request"]["messages"] == HELLO
    assert found["request"]["sampling"]["seed"] == 3
    assert found["reply"]["text"] == "Hi"


@pytest.mark.parametrize("damage", ["", "{", "{}", '{"request": null, "reply": {"text": "No"}}'])
def test_a_damaged_file_is_asked_for_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    with numbered() as server:
        client = make_client(server, tmp_path)
        asyncio.run(client.ask(HELLO))
        (path,) = files_of(tmp_path)
        path.write_text(damage)
        assert asyncio.run(client.ask(HELLO)).text == "2"
        (line,) = capsys.readouterr().err.splitlines()
        assert str(path) in line
        assert asyncio.run(client.ask(HELLO)).text == "2"


def test_what_came_before_a_stop_is_kept(tmp_path: Path) -> None:
    async def stopped(client: Client) -> None:
        asks = [asyncio.create_task(client.ask(HELLO, sample=n)) for n in range(8)]
        await asks[3]
        for task in asks:
            task.cancel()

    with LlmServer(lambda body: "Hi", latency=0.05) as server:
        asyncio.run(stopped(make_client(server, tmp_path, calls_at_once=1)))
        kept = len(files_of(tmp_path))
        assert 4 <= kept < 8
        asyncio.run(make_client(server, tmp_path).ask(HELLO))
    assert not list(tmp_path.rglob(".*"))


def test_errors_are_not_kept(tmp_path: Path) -> None:
    def brain(body: Body) -> str:
        raise RuntimeError  # the connection is closed

    with LlmServer(brain) as server, pytest.raises(Exception, match="connection failed"):
        asyncio.run(make_client(server, tmp_path, retries=0).ask(HELLO))
    assert files_of(tmp_path) == []

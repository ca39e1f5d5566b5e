"""Servers of batches that never come to an end, and files that were damaged."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from batch_api import Fate
from llm_factory import HELLO, make_client, make_collecting
from llm_server import Behaviour, LlmServer

from headatlas.errors import InputError
from headatlas.llm import batches as batches_module
from headatlas.llm import server as server_module
from headatlas.llm.client import AskError, Reply
from headatlas.llm.collecting import Collecting, Wanted


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(batches_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(batches_module, "LONGEST_PAUSE", 0.02)


def collect(client: Collecting, count: int = 3) -> list[Reply | BaseException]:
    """What is known of the requests after they were collected once."""

    async def asked() -> list[Reply | BaseException]:
        asks = (client.ask(HELLO, sample=n) for n in range(count))
        return await asyncio.gather(*asks, return_exceptions=True)

    async def collected() -> list[Reply | BaseException]:
        assert all(isinstance(found, Wanted) for found in await asked())
        await client.collect()
        return await asked()

    return asyncio.run(collected())


@pytest.mark.parametrize("fresh", [False, True])
def test_a_list_of_batches_that_does_not_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    """Whether it begins again, or goes on with batches that nobody has heard of."""
    numbers = itertools.count()

    def page(after: str | None, limit: int) -> dict[str, Any]:
        name = f"batch_{next(numbers) if fresh else 'x'}"
        other = {"id": name, "input_file_id": "file-other", "status": "completed"}
        return {"object": "list", "data": [other], "has_more": True}

    monkeypatch.setattr(batches_module, "PAGES", 20)
    with LlmServer(lambda body: "Hi") as server:
        monkeypatch.setattr(server.batches, "_page", page)
        with pytest.raises(AskError, match="its list of batches does not end"):
            collect(make_collecting(server, tmp_path, retries=0))
        assert len([c for c in server.batch_calls if c.path.startswith("GET")]) <= 20
        assert not server.batches.batches  # none was made that might be there


def test_a_batch_of_unknown_status_is_not_waited_for(tmp_path: Path) -> None:
    lost = Fate(status="lost\x1b[2J")
    told = r"batch_0 has the unknown status 'lost"
    with (
        LlmServer(lambda body: "Hi", fate=lambda _: lost) as server,
        pytest.raises(AskError, match=told),
    ):
        collect(make_collecting(server, tmp_path))


def test_a_batch_that_does_not_end_is_not_waited_for_longer_than_two_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches_module, "LONGEST", 0.1)
    with LlmServer(lambda body: "Hi", fate=lambda _: Fate(looks=10**6)) as server:
        with pytest.raises(AskError, match=r"batch_0 has not ended within .* hours"):
            collect(make_collecting(server, tmp_path))
        server.batches.hurry()
        again = make_collecting(server, tmp_path)
        asyncio.run(again.resume())  # which finds it
        assert len(server.batches.batches) == 1


def test_an_answer_of_a_batch_that_is_too_long_is_not_kept(tmp_path: Path) -> None:
    def brain(body: dict[str, Any]) -> str | Behaviour:
        return "ha" * 200_000 if body["seed"] == 2 else "Hi"

    with LlmServer(brain) as server:
        client = make_collecting(server, tmp_path, seed=0)
        found = collect(client)
        assert [type(reply) for reply in found[:2]] == [Reply, Reply]
        assert "a reply of 400,000 characters" in str(found[2])
        assert not list((tmp_path / "batches").iterdir())


def test_a_damaged_ledger_costs_nothing(tmp_path: Path) -> None:
    for content in ("{", '{"model": "small", "calls": -5}', '{"model": "small", "dollars": NaN}'):
        (tmp_path / "spent").mkdir(exist_ok=True)
        (tmp_path / "spent/1.json").write_text(content)

        async def many() -> list[Reply | BaseException]:
            client = make_client(server, tmp_path, max_calls=100)
            asks = (client.ask(HELLO, sample=n) for n in range(5))
            return await asyncio.gather(*asks, return_exceptions=True)

        with LlmServer(lambda body: "Hi") as server:
            found = asyncio.run(many())
            assert all(isinstance(f, InputError) and "spent/1.json" in str(f) for f in found)
            assert server.requests == []


def test_a_key_that_a_batch_repeats_is_kept_nowhere(tmp_path: Path) -> None:
    key = "sk-very-secret-0123456789"
    with LlmServer(lambda body: f"Your key is {key}") as server:
        client = make_collecting(server, tmp_path, {"K": key}, api_key_env="K")
        found = collect(client)
    assert {reply.text for reply in found if isinstance(reply, Reply)} == {"Your key is ***"}
    assert not any(key in json.dumps(path.read_text()) for path in tmp_path.rglob("*.json"))

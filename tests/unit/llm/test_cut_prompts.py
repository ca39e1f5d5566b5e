"""Prompts that a server cuts to its window, and says nothing."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from llm_factory import HELLO, make_client
from llm_server import Behaviour, LlmServer

from headatlas.llm import server as server_module
from headatlas.llm.client import AskError, Client, Reply


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_WAIT", 0.01)


def ask(client: Client, messages: list[dict[str, str]] = HELLO, **options: Any) -> Reply:
    return asyncio.run(client.ask(messages, **options))


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.json") if path.parent.name != "spent"]


def words(messages: list[dict[str, str]]) -> int:
    return sum(len(message["content"].split()) for message in messages)


def cutting(window: int, answers: str = "yes") -> Any:
    """A server whose model has a token for each word, and a window that it does not tell of."""
    return lambda body: Behaviour(answers, usage=(min(words(body["messages"]) + 9, window), 1))


LONG = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "the hat " * 2500}]


@pytest.mark.parametrize("window", [2048, 4096, 1000])
def test_a_prompt_that_was_cut_is_no_question(tmp_path: Path, window: int) -> None:
    longer = [{"role": "user", "content": "extraordinary hats " * 2500}]
    with LlmServer(cutting(window)) as server:
        told = rf"read {window:,} tokens of a prompt of about [\d,]+ .*OLLAMA_CONTEXT_LENGTH"
        with pytest.raises(AskError, match=told):
            ask(make_client(server, tmp_path), LONG if window % 256 == 0 else longer)
    assert kept(tmp_path) == []


def test_a_prompt_that_fits_is_asked_once_and_odd_counts_are_looked_into_once(
    tmp_path: Path,
) -> None:
    with LlmServer(cutting(10**6)) as server:
        client = make_client(server, tmp_path)
        assert ask(client, LONG).text == "yes"
        assert len(server.requests) == 1
        exact = [{"role": "user", "content": "the hat " * 2043 + "now"}]
        assert words(exact) + 9 == 4096
        assert ask(client, exact).text == "yes"
        assert len(server.requests) == 4  # and its halves
        assert ask(client, [{"role": "user", "content": "a hat " * 2043 + "now"}]).text == "yes"
        assert len(server.requests) == 5


def test_a_short_prompt_is_not_looked_into(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour("yes", usage=(256, 1))) as server:
        assert ask(make_client(server, tmp_path)).text == "yes"
        assert len(server.requests) == 1


@pytest.mark.parametrize("words_of", [400, 3000])
def test_instructions_that_a_template_passes_over_go_into_the_first_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words_of: int
) -> None:
    def brain(body: dict[str, Any]) -> Behaviour:
        read = [message for message in body["messages"] if message["role"] != "system"]
        return Behaviour("yes", usage=(words(read) + 9, 1))

    system = {"role": "system", "content": "word " * words_of}
    question = {"role": "user", "content": "hats " * (words_of // 3)}

    async def twice(client: Client) -> list[str]:
        asked = [await client.ask([system, question], sample=sample) for sample in range(2)]
        return [reply.text for reply in asked]

    with LlmServer(brain) as server:
        assert asyncio.run(twice(make_client(server, tmp_path))) == ["yes", "yes"]
        sent = [request.body["messages"] for request in server.requests]
    told = [{"role": "user", "content": f"{system['content']}\n\n{question['content']}"}]
    assert sent[0] == [system, question]
    assert sent[3:] == [told, told]
    assert len(kept(tmp_path)) == 2
    assert capsys.readouterr().err.count("it passes over messages of the role system") == 1


def test_a_count_that_leaves_out_what_the_server_has_kept_is_no_window(tmp_path: Path) -> None:
    counts = iter([70, 300, 300, 80])
    with LlmServer(lambda body: Behaviour("yes", usage=(next(counts), 1))) as server:
        long = [{"role": "system", "content": "word " * 400}, *HELLO]
        assert ask(make_client(server, tmp_path), long).text == "yes"

"""Answers that say less than they should, or in another form: read as far as they go."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from llm_factory import HELLO, make_client
from llm_server import Behaviour, LlmServer

from headatlas.llm import server as server_module
from headatlas.llm.client import AskError, Client, Reply
from headatlas.llm.exchange import Number


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_WAIT", 0.01)


def ask(client: Client, messages: list[dict[str, str]] = HELLO, **options: Any) -> Reply:
    return asyncio.run(client.ask(messages, **options))


def completion(message: object = None, **choice: Any) -> bytes:
    """A chat completion with these keys of its message and its choice."""
    told = {"content": "Hi"} if message is None else message
    return json.dumps({"choices": [{"message": told, **choice}]}).encode()


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.json") if path.parent.name != "spent"]


# As OpenAI's text completions have them, and some servers give for chats.
TEXT_LOGPROBS = {
    "tokens": ["yes", "7"],
    "token_logprobs": [-0.5, -0.25],
    "top_logprobs": [{"yes": -0.5, "no": -1.0}, {"7": -0.25, "8": -2.0}],
    "text_offset": [12, 15],
}


def test_thoughts_of_a_reasoning_model_are_noted_and_not_kept(tmp_path: Path) -> None:
    for name in ("reasoning", "reasoning_content"):
        answer = Behaviour("", finish="length", message={name: "Hm, well"})
        with LlmServer(lambda body, answer=answer: answer) as server:
            reply = ask(make_client(server, tmp_path / name))
        assert (reply.text, reply.finish, reply.thought) == ("", "length", True)
        assert "Hm, well" not in kept(tmp_path / name)[0].read_text()


@pytest.mark.parametrize(
    ("logprobs", "found"),
    [
        ({"content": [{"token": "yes", "logprob": -0.5}]}, {"yes": -0.5}),
        ({"content": [{"token": "yes", "logprob": -0.5, "top_logprobs": []}]}, {"yes": -0.5}),
        ({"content": [{"token": "yes", "logprob": -0.5, "top_logprobs": None}]}, {"yes": -0.5}),
        ({"content": [{"token": "yes", "logprob": 1e-6}]}, {"yes": 0.0}),
        ({"content": [{"token": "yes", "logprob": 5000.0}]}, None),
        ({"content": []}, None),
        ({"tokens": ["yes"], "token_logprobs": [-0.5]}, {"yes": -0.5}),
        (TEXT_LOGPROBS, {"yes": -0.5, "no": -1.0}),
        (TEXT_LOGPROBS | {"top_logprobs": [None, None]}, {"yes": -0.5}),
        ({"tokens": ["yes"], "token_logprobs": "none"}, None),
        ([], None),
        ("none", None),
    ],
)
def test_log_probabilities_are_used_as_far_as_they_go(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    logprobs: object,
    found: dict[str, float] | None,
) -> None:
    """Where there are none, though the endpoint should have them, that is said once."""
    answer = Behaviour(body=completion(logprobs=logprobs))
    with LlmServer(lambda body: answer) as server:
        client = make_client(server, tmp_path, logprobs=True)
        assert ask(client, logprobs=True).first_tokens == found
        assert len(server.requests) == 1
        ask(client, logprobs=True, sample=1)
    assert capsys.readouterr().err.count("it gives no log-probabilities") == (found is None)


def test_numbers_are_read_from_the_log_probabilities_of_text_completions(tmp_path: Path) -> None:
    answer = Behaviour(body=completion({"content": "yes7"}, logprobs=TEXT_LOGPROBS))
    with LlmServer(lambda _: answer) as server:
        numbers = ask(make_client(server, tmp_path, logprobs=True), logprobs=True).numbers
    assert numbers == [Number(place=1, digits="7", likeliest={"7": -0.25, "8": -2.0})]


@pytest.mark.parametrize(
    "usage", [-5, "many", {"prompt_tokens": -1}, {"prompt_tokens": "x"}, {"prompt_tokens": 10**30},
              {"prompt_tokens": None}, {}, [], {"prompt_tokens": 0, "completion_tokens": 0}],
)  # fmt: skip
def test_a_count_of_tokens_that_cannot_be_is_none(tmp_path: Path, usage: object) -> None:
    body = json.loads(completion()) | {"usage": usage}
    with LlmServer(lambda _: Behaviour(body=json.dumps(body).encode())) as server:
        client = make_client(server, tmp_path, input_price=1.0, output_price=1.0, max_calls=9)
        told = ask(client).usage
    assert (told.input_tokens, told.output_tokens, told.dollars) == (0, 0, None)
    spent = json.loads(next((tmp_path / "spent").iterdir()).read_text())
    assert spent["tokens"] > 1000 and spent["dollars"] > 0  # the most that it may have been


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xef\xbb\xbf" + completion(), "Hi"),
        (completion().decode().encode("utf-16"), "Hi"),
        (completion({"content": "half \ud83d"}), "half ?"),
        (completion({"content": "nul \x00"}), "nul "),
        (completion(finish_reason={"type": "stop"}), "Hi"),
        (completion({"content": None, "tool_calls": [{"id": 1}]}, finish_reason="tool_calls"), ""),
        (completion() + b"\n\n", "Hi"),
        (b'{"choices": [], ' + completion()[1:], "Hi"),  # of two equal keys the last counts
    ],
)
def test_odd_answers_that_can_be_read(tmp_path: Path, body: bytes, text: str) -> None:
    with LlmServer(lambda _: Behaviour(body=body, content_type="text/plain")) as server:
        assert ask(make_client(server, tmp_path, retries=0)).text == text


@pytest.mark.parametrize(
    "body",
    [
        b"data: " + completion() + b"\n\ndata: [DONE]\n\n",
        b"<!doctype html><title>Sign in</title>",
        b'{"choices": []}',
        b'{"choices": null}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b"null",
        completion()[:-1],
        b"[" * 100_000,
        b'{"choices": ' + b"9" * 10_000 + b"}",
    ],
)
@pytest.mark.parametrize("content_type", ["text/event-stream", "application/json"])
def test_odd_answers_that_are_none_are_quoted(
    tmp_path: Path, body: bytes, content_type: str
) -> None:
    with (
        LlmServer(lambda _: Behaviour(body=body, content_type=content_type)) as server,
        pytest.raises(AskError, match="not a chat completion") as caught,
    ):
        ask(make_client(server, tmp_path, retries=0))
    assert len(str(caught.value)) < 600
    assert kept(tmp_path) == []

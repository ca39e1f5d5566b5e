"""Servers that answer in ways that no client should have to bear."""

import asyncio
import gzip
import itertools
import json
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_factory import HELLO, make_client
from llm_server import Behaviour, LlmServer, in_turn

from headatlas.errors import InputError
from headatlas.llm import reading
from headatlas.llm import server as server_module
from headatlas.llm.client import AskError, Client, Refused, Reply

KEY = "sk-very-secret-0123456789"
GEMMA = [{"role": "system", "content": "Be brief."}, *HELLO, {"role": "assistant", "content": "a"}]


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


@pytest.mark.parametrize(
    "refusal",
    [
        Behaviour("System role not supported", status=400),
        Behaviour("Jinja Exception: System role not supported", status=500),
        Behaviour("Conversation roles must alternate user/assistant/user", status=400),
        Behaviour("messages[0].role: 'system' is not one of user, assistant", status=422),
    ],
)
def test_instructions_go_into_the_first_question_where_no_system_is_allowed(
    tmp_path: Path, refusal: Behaviour
) -> None:
    def brain(body: dict[str, Any]) -> str | Behaviour:
        return refusal if body["messages"][0]["role"] == "system" else "Hi"

    with LlmServer(brain) as server:
        client = make_client(server, tmp_path, retries=0)
        assert ask(client, GEMMA).text == "Hi"
        assert ask(make_client(server, tmp_path), GEMMA).text == "Hi"  # from the cache
    told = [{"role": "user", "content": "Be brief.\n\nHello"}, GEMMA[2]]
    assert [r.body["messages"] for r in server.requests] == [GEMMA, told]


ERROR = Behaviour(status=500, body=b"Internal Server Error", content_type="text/plain")


def test_a_template_that_raises_without_a_word_is_asked_without_the_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once it has answered without the role, and not with it, it is asked so from then on."""

    def brain(body: dict[str, Any]) -> str | Behaviour:
        return ERROR if body["messages"][0]["role"] == "system" else "Hi"

    async def twice(client: Client) -> list[str]:
        return [(await client.ask(GEMMA, sample=sample)).text for sample in range(2)]

    with LlmServer(brain) as server:
        assert asyncio.run(twice(make_client(server, tmp_path, retries=0))) == ["Hi", "Hi"]
    roles = [request.body["messages"][0]["role"] for request in server.requests]
    assert roles == ["system", "user", "system", "user"]
    assert capsys.readouterr().err.count("it takes no message of the role system") == 1


@pytest.mark.parametrize(
    ("answers", "said"), [((ERROR, "without", "with"), "with"), ((ERROR, ERROR), None)]
)
def test_an_error_that_passes_is_not_held_against_the_role(
    tmp_path: Path, answers: tuple[Any, ...], said: str | None
) -> None:
    with LlmServer(in_turn(*answers)) as server:
        client = make_client(server, tmp_path, retries=0)
        if said:
            assert ask(client, GEMMA).text == said
        else:
            with pytest.raises(AskError, match="status 500: Internal Server Error"):
                ask(client, GEMMA)
        assert len(server.requests) == len(answers)


def test_who_refuses_everything_fails_the_job_and_not_the_head(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour("I am no chat model", status=400)) as server:
        with pytest.raises(AskError, match="no chat model; it refuses whatever it is asked") as no:
            ask(make_client(server, tmp_path))
        assert not isinstance(no.value, Refused)
        assert len(server.requests) == 2
    assert kept(tmp_path) == []


def test_who_answers_others_refuses_this_prompt(tmp_path: Path) -> None:
    def brain(body: dict[str, Any]) -> str | Behaviour:
        return Behaviour("too long", status=400) if body["messages"] == HELLO else "yes"

    with LlmServer(brain) as server:
        client = make_client(server, tmp_path)
        for _ in range(2):
            with pytest.raises(Refused, match=r"too long$"):
                ask(client)
        assert len(server.requests) == 3  # what the server answers at all is asked once


def endless(piece: bytes) -> Iterator[bytes]:
    return itertools.repeat(piece)


def test_a_body_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    head = b'{"choices": [{"message": {"content": "'
    answer = Behaviour(pieces=itertools.chain([head], endless(b"x" * 2**16)))
    tracemalloc.start()
    with LlmServer(lambda body: answer) as server:
        with pytest.raises(AskError, match="its answer is longer than 16 MiB"):
            ask(make_client(server, tmp_path))
        assert server.sent < 3 * reading.MOST_BYTES
        assert len(server.requests) == 1
    assert tracemalloc.get_traced_memory()[1] < 8 * reading.MOST_BYTES
    tracemalloc.stop()
    assert kept(tmp_path) == []


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_that_unpacks_to_more_than_is_read(tmp_path: Path, status: int) -> None:
    packed = gzip.compress(bytes(400 * 2**20), 1)
    answer = Behaviour(body=packed, status=status, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    with (
        LlmServer(lambda body: answer) as server,
        pytest.raises(AskError, match="its answer is longer than 16 MiB"),
    ):
        ask(make_client(server, tmp_path))
    assert tracemalloc.get_traced_memory()[1] < 8 * reading.MOST_BYTES
    tracemalloc.stop()


def test_a_packed_body_is_read_and_one_that_is_packed_oddly_is_not(tmp_path: Path) -> None:
    good = Behaviour(body=gzip.compress(completion()), headers={"Content-Encoding": "gzip"})
    odd = Behaviour(body=completion(), headers={"Content-Encoding": "br"})
    wrong = Behaviour(body=completion(), headers={"Content-Encoding": "gzip"})
    with LlmServer(in_turn(good, odd, wrong, "Hi")) as server:
        client = make_client(server, tmp_path)
        assert ask(client).text == "Hi"
        with pytest.raises(AskError, match="packed as 'br', unasked"):
            ask(client, sample=1)
        assert ask(client, sample=2).usage.retries == 1
        assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_a_reply_longer_than_any_that_was_asked_for_is_not_kept(tmp_path: Path) -> None:
    with (
        LlmServer(lambda body: "ha" * 3_000_000) as server,
        pytest.raises(AskError, match=r"a reply of 6,000,000 characters, more than max_token"),
    ):
        ask(make_client(server, tmp_path))
    assert kept(tmp_path) == []


def test_json_without_bottom_is_no_answer(tmp_path: Path) -> None:
    began = time.monotonic()
    with (
        LlmServer(lambda body: Behaviour(body=b'{"a":' * 100_000)) as server,
        pytest.raises(AskError, match="its JSON is nested too deep"),
    ):
        ask(make_client(server, tmp_path, retries=0))
    assert time.monotonic() - began < 5


def test_a_server_that_drips_is_not_waited_for(tmp_path: Path) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b" "

    with LlmServer(lambda body: Behaviour(pieces=drops())) as server:
        began = time.monotonic()
        with pytest.raises(AskError, match=r"no reply within 0\.5 seconds"):
            ask(make_client(server, tmp_path, timeout=0.5, retries=0))
    assert time.monotonic() - began < 3


def test_an_answer_without_a_length_is_one(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour(pieces=[completion()])) as server:
        assert ask(make_client(server, tmp_path)).text == "Hi"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_prompt_goes_to_no_other_server(tmp_path: Path, status: int) -> None:
    with LlmServer(lambda body: "I have your prompt") as other:
        away = {"Location": f"{other.base_url}/chat/completions?api_key={KEY}"}
        with LlmServer(lambda body: Behaviour(status=status, headers=away)) as server:
            client = make_client(server, tmp_path, {"KEY": KEY}, api_key_env="KEY")
            with pytest.raises(AskError) as caught:
                ask(client)
        where = other.base_url.removesuffix("/v1")
        assert f"it redirects to {where}, which is not followed: if " in str(caught.value)
        assert KEY not in str(caught.value)
        assert other.requests == [] and len(server.requests) == 1


def test_a_server_may_send_on_to_itself(tmp_path: Path) -> None:
    def brain(body: dict[str, Any]) -> str | Behaviour:
        if len(server.requests) > 1:
            return "Hi"
        return Behaviour(status=307, headers={"Location": "/v1/chat/completions"})

    with LlmServer(brain) as server:
        assert ask(make_client(server, tmp_path)).text == "Hi"
        assert [r.body["messages"] for r in server.requests] == [HELLO, HELLO]


def test_an_address_that_is_none_is_not_followed(tmp_path: Path) -> None:
    odd = Behaviour(status=307, headers={"Location": "http://[::1"})
    with (
        LlmServer(lambda body: odd) as server,
        pytest.raises(AskError, match="it redirects to an address that is none"),
    ):
        ask(make_client(server, tmp_path))


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:99999", "http://u:pw@h:x", "ftp://h:1", "::"])
def test_a_proxy_that_is_none_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with (
        LlmServer(lambda body: "Hi") as server,
        pytest.raises(InputError, match=r"no connection can be made|it cannot be called") as caught,
    ):
        ask(make_client(server, tmp_path))
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:99999/v1", "http://localhost:x/v1"])
def test_an_address_that_is_none_fails_the_job(tmp_path: Path, url: str) -> None:
    with LlmServer(lambda body: "Hi") as server, pytest.raises(InputError):
        ask(make_client(server, tmp_path, base_url=url, retries=0))


@pytest.mark.parametrize(
    "echo", [KEY, json.dumps(KEY), f"http://h/v1?api_key={KEY}", "sk-%2Fa b", "sk-/a"]
)
def test_a_key_that_the_server_repeats_is_kept_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], echo: str
) -> None:
    key = KEY if KEY in echo else "sk-/a very odd one"
    echo = echo if KEY in echo else key
    answers = Behaviour(echo), Behaviour(None, refusal=echo), Behaviour(echo, status=500)
    with LlmServer(in_turn(*answers, "Hi")) as server:
        client = make_client(server, tmp_path, {"K": key}, api_key_env="K")
        replies = [ask(client, sample=n) for n in range(3)]
    assert "***" in replies[0].text and "***" in str(replies[1].refusal)
    files = "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert key not in capfd.readouterr().err + files + repr(replies)


def test_a_key_that_is_a_word_leaves_replies_alone(tmp_path: Path) -> None:
    with LlmServer(lambda body: "It attends to EMPTY lines.") as server:
        client = make_client(server, tmp_path, {"K": "EMPTY"}, api_key_env="K")
        assert ask(client).text == "It attends to EMPTY lines."


ESCAPE = "\x1b[2J\x1b]0;title\x07\x1b[31mred\x9b1m\x07 \x08\x00here\r!"


def test_terminal_escapes_are_taken_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answers = Behaviour(ESCAPE, status=500), Behaviour(ESCAPE), Behaviour(ESCAPE, status=401)
    with LlmServer(in_turn(*answers)) as server:
        client = make_client(server, tmp_path)
        assert ask(client).text == "red here\n!"
        with pytest.raises(AskError, match=r"status 401: red here !$"):
            ask(client, sample=1)
    said = capfd.readouterr().err
    assert "status 500: red here !; asked again" in said and "\x1b" not in said

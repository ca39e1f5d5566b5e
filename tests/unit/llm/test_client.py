"""Clients ask a real server over HTTP, which behaves well and badly."""

import asyncio
import email.utils
import json
import math
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from llm_factory import HELLO, make_client
from llm_server import FAILURES, Behaviour, LlmServer, in_turn
from places import SCRIPTS

from headatlas.errors import InputError
from headatlas.llm import server as server_module
from headatlas.llm.client import AskError, Client, Refused, Reply
from headatlas.records.usage import Usage
from headatlas.settings.endpoint import Connection

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_WAIT", 0.01)


def ask(client: Client, **options: Any) -> Reply:
    return asyncio.run(client.ask(HELLO, **options))


def test_a_reply_says_what_it_is_and_costs(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour("Hi", usage=(1000, 20))) as server:
        client = make_client(server, tmp_path, input_price=0.5, output_price=2.0)
        reply = ask(client)
    assert (reply.text, reply.finish, reply.refusal, reply.first_tokens) == (
        "Hi",
        "stop",
        None,
        None,
    )
    assert reply.usage.dollars == pytest.approx(1000 * 0.5e-6 + 20 * 2e-6)
    assert (reply.usage.calls, reply.usage.retries) == (1, 0)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (1000, 20)
    assert 0 < reply.usage.seconds < 10
    assert client.usage == reply.usage


def test_a_reply_in_parts_is_their_text(tmp_path: Path) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "No?"}]},
        {"type": "reasoning", "text": "No?"},
        {"type": "text", "text": "Yes"},
        {"type": "text", "text": "."},
    ]
    sent = {"choices": [{"message": {"role": "assistant", "content": parts}}]}
    with LlmServer(lambda body: Behaviour(body=json.dumps(sent).encode())) as server:
        assert ask(make_client(server, tmp_path)).text == "Yes."


def test_what_is_sent(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        ask(make_client(server, tmp_path))
        settings = {"temperature": 0.5, "seed": 7, "max_tokens": 12, "logprobs": True}
        ask(make_client(server, tmp_path, **settings), sample=3, logprobs=True)
    plain, full = (received.body for received in server.requests)
    assert plain == {"model": "small", "messages": HELLO, "max_tokens": 1000}
    assert full == {
        "model": "small",
        "messages": HELLO,
        "max_tokens": 12,
        "temperature": 0.5,
        "seed": 10,  # of the fourth sample
        "logprobs": True,
        "top_logprobs": server_module.TOP_LOGPROBS,
    }


def test_the_key_is_sent_and_a_server_without_one_gets_none(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        ask(make_client(server, tmp_path / "1", {"KEY": f" {KEY}\n"}, api_key_env="KEY"))
        ask(make_client(server, tmp_path / "2", {"KEY": KEY, "OPENAI_API_KEY": KEY}))
    assert [r.headers["authorization"] for r in server.requests] == [f"Bearer {KEY}", "Bearer none"]


@pytest.mark.parametrize(("value", "flaw"), [("", "is not set"), ("sk-\x01", "holds characters")])
def test_a_key_that_is_none_is_an_error_of_the_input(tmp_path: Path, value: str, flaw: str) -> None:
    with LlmServer(lambda body: "Hi") as server:
        with pytest.raises(InputError, match=f"MY_KEY, .*{flaw}") as caught:
            ask(make_client(server, tmp_path, {"MY_KEY": value}, api_key_env="MY_KEY"))
        assert "sk-" not in str(caught.value)
        assert server.requests == []


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: str(f.status) + str(f.text))
def test_failures_that_pass_are_retried(tmp_path: Path, failure: Behaviour) -> None:
    with LlmServer(in_turn(failure, failure, "Hi")) as server:
        reply = ask(make_client(server, tmp_path))
    assert reply.text == "Hi"
    assert reply.usage.retries == 2
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Behaviour("busy", status=408), "status 408: busy"),
        (Behaviour("busy", status=409), "status 409: busy"),
        (Behaviour("busy", status=529), "status 529: busy"),
        (Behaviour(body=b"<h1>Bad gateway</h1>", status=502), "status 502: <h1>Bad gateway</h1>"),
        (
            Behaviour(body=b"<h1>Hi</h1>", content_type="text/html"),
            "not a chat completion .*<h1>Hi",
        ),
        (Behaviour(body=b'{"choices": [{"mess'), "not a chat completion"),
        (Behaviour(body=b"\xff\xfe"), "not a chat completion"),
        (Behaviour(body=b""), "not a chat completion"),
        (Behaviour(body=b"[]"), "not a chat completion"),
        (Behaviour(body=b'{"error": {"message": "no model"}}'), "choices: .*no model"),
        (Behaviour(body=b'{"choices": []}'), "choices: List should have at least 1 item"),
        (Behaviour(body=b'{"choices": [{"text": "Hi"}]}'), r"choices\.0\.message"),
        (Behaviour(drop=True), "connection failed"),
        (Behaviour(cut=True), "connection failed"),
    ],
)
def test_failures_that_do_not_pass_end_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: Behaviour, reason: str
) -> None:
    with LlmServer(lambda body: wrong) as server:
        client = make_client(server, tmp_path, retries=1)
        with pytest.raises(AskError, match=reason) as caught:
            ask(client)
        assert str(caught.value).startswith(f"small at {server.base_url}: ")
        assert len(server.requests) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1  # a line for each retry
    assert client.usage.calls == 0
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("calls_at_once", "queue"),
    [(1, ""), (4, r" \(if it answers fewer than 4 calls at .*timeout\)")],
)
def test_a_server_that_hangs_is_not_waited_for(
    tmp_path: Path, calls_at_once: int, queue: str
) -> None:
    """It may be that it answers one call after the other, so that the last waits for all."""
    with LlmServer(lambda body: Behaviour("Hi", delay=60)) as server:
        told = {"retries": 1, "timeout": 0.5, "calls_at_once": calls_at_once}
        client = make_client(server, tmp_path, **told)
        said = rf"no reply within 0\.5 seconds{queue} \(attempt 2, the last"
        with pytest.raises(AskError, match=said):
            ask(client)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refused_request_is_not_repeated(tmp_path: Path, status: int) -> None:
    def brain(body: dict[str, Any]) -> Behaviour:
        refused = body["messages"] == HELLO
        return Behaviour("Not so", status=status) if refused else Behaviour("yes")

    with LlmServer(brain) as server:
        with pytest.raises(AskError) as caught:
            ask(make_client(server, tmp_path))
        assert str(caught.value) == f"small at {server.base_url}: status {status}: Not so"
        prompts = [received.body["messages"] for received in server.requests]
    assert prompts.count(HELLO) == 1
    assert isinstance(caught.value, Refused) == (status in (400, 422))


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (
            "'response_format' of type 'json_schema' is not supported",
            "output: json_object, or output: plain",
        ),
        ("logprobs are not available", "logprobs: false"),
        ("'temperature' does not support 0.5 with this model", "temperature: null"),
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_a_parameter_that_the_server_refuses_comes_with_advice(
    tmp_path: Path, message: str, advice: str, status: int
) -> None:
    """Some servers have no other status for that than the one of errors of their own."""
    refuses = LlmServer(lambda body: Behaviour(message, status=status))
    with (
        refuses as server,
        pytest.raises(AskError, match=rf"{message}.*needs {advice}\)$") as caught,
    ):
        ask(make_client(server, tmp_path))
    assert not isinstance(caught.value, Refused) and len(server.requests) == 1


def test_models_with_another_name_for_the_limit_get_that(tmp_path: Path) -> None:
    def brain(body: dict[str, Any]) -> Behaviour:
        if "max_tokens" in body:
            return Behaviour("Use 'max_completion_tokens' instead of 'max_tokens'", status=400)
        return Behaviour(f"at most {body['max_completion_tokens']}")

    async def twice(client: Client) -> tuple[Reply, Reply]:
        return await client.ask(HELLO), await client.ask(HELLO, sample=1)

    with LlmServer(brain) as server:
        replies = asyncio.run(twice(make_client(server, tmp_path, retries=0)))
        assert len(server.requests) == 3
    assert [reply.text for reply in replies] == ["at most 1000"] * 2
    assert [reply.usage.retries for reply in replies] == [0, 0]


def test_no_log_error_or_file_holds_the_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    echo = f"Wrong key {KEY}"
    answers = Behaviour(echo, status=500), Behaviour(body=echo.encode()), Behaviour("Hi")
    with LlmServer(in_turn(*answers, Behaviour(echo, status=401))) as server:
        client = make_client(server, tmp_path, {"KEY": KEY}, api_key_env="KEY")
        ask(client)
        with pytest.raises(AskError, match=r"status 401: Wrong key \*\*\*") as caught:
            ask(client, sample=1)
    seen = capfd.readouterr()
    assert seen.err.count("Wrong key ***") == 2
    assert KEY not in seen.err + seen.out + repr(caught.value)
    assert caught.value.__suppress_context__
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any(KEY in path.read_text() for path in files)


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("dated", [False, True])
def test_the_server_says_how_long_to_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int, dated: bool
) -> None:
    def brain(body: dict[str, Any]) -> Behaviour:
        if len(server.requests) > 1:
            return Behaviour("Hi")
        date = email.utils.formatdate(time.time() + 2, usegmt=True)  # whole seconds: 1 to 2
        return Behaviour("slow", status=status, headers={"Retry-After": date if dated else "1"})

    with LlmServer(brain) as server:
        ask(make_client(server, tmp_path))
    waited = re.search(r"asked again in ([\d.]+) s", capsys.readouterr().err)
    assert waited is not None
    assert (0.2 if dated else 1.0) <= float(waited[1]) <= 2.1


@pytest.mark.parametrize("header", ["soon", "-5", "nan", "Thu, 99 Jan", ""])
def test_a_wait_that_makes_no_sense_is_none(tmp_path: Path, header: str) -> None:
    busy = Behaviour("busy", status=429, headers={"Retry-After": header})
    with LlmServer(in_turn(busy, "Hi")) as server:
        assert ask(make_client(server, tmp_path)).usage.retries == 1


def test_nobody_waits_for_a_day_or_for_money(tmp_path: Path) -> None:
    broke = b'{"error": {"message": "pay first", "code": "insufficient_quota"}}'
    tomorrow = Behaviour("tomorrow", status=429, headers={"Retry-After": "86400"})
    with LlmServer(in_turn(tomorrow, Behaviour(body=broke, status=429))) as server:
        client = make_client(server, tmp_path)
        with pytest.raises(AskError, match=r"tomorrow \(it asks to wait 86400 seconds"):
            ask(client)
        with pytest.raises(AskError, match="status 429: pay first"):
            ask(client)
        assert len(server.requests) == 2


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with LlmServer(lambda body: "Hi") as server:
            client = make_client(server, tmp_path, base_url=url, retries=2)
        with pytest.raises(AskError, match=rf"^small at {url}: connection failed .*attempt 3"):
            ask(client)


def test_calls_at_once_are_limited_also_among_clients_of_an_endpoint(tmp_path: Path) -> None:
    async def many() -> list[Reply]:
        clients = [make_client(server, tmp_path, calls_at_once=3) for _ in range(2)]
        asks = [client.ask(HELLO, sample=n) for n in range(6) for client in clients]
        return await asyncio.gather(*asks)

    with LlmServer(lambda body: "Hi", latency=0.1) as server:
        assert len(asyncio.run(many())) == 12
        assert server.most_at_once == 3


@pytest.mark.slow
def test_sixty_four_calls_at_once_with_failures_all_come_back(tmp_path: Path) -> None:
    async def many() -> list[Reply]:
        client = make_client(server, tmp_path, calls_at_once=64, retries=10)
        return await asyncio.gather(*(client.ask(HELLO, sample=n) for n in range(128)))

    with LlmServer(lambda body: "Hi", latency=0.5, failures=0.2, seed=1) as server:
        replies = asyncio.run(many())
        assert server.most_at_once > 16
    assert {reply.text for reply in replies} == {"Hi"}
    assert sum(reply.usage.retries for reply in replies) == len(server.requests) - 128 > 0


def test_first_tokens_are_given_where_asked_for_and_known(tmp_path: Path) -> None:
    tokens = {"yes": math.log(0.75), "no": math.log(0.25), "maybe": None}
    with LlmServer(in_turn(Behaviour("yes", first_tokens=tokens), "yes")) as server:
        given = ask(make_client(server, tmp_path, logprobs=True), logprobs=True)
        assert given.first_tokens == {"yes": math.log(0.75), "no": math.log(0.25)}
        missing = ask(make_client(server, tmp_path, logprobs=True), logprobs=True, sample=1)
        assert missing.first_tokens is None
        ask(make_client(server, tmp_path, logprobs=False), logprobs=True)
        assert "logprobs" not in server.requests[-1].body


def test_tokens_that_a_server_does_not_tell_leave_the_dollars_unknown(tmp_path: Path) -> None:
    with LlmServer(in_turn(Behaviour("Hi", usage=None), "Hi")) as server:
        client = make_client(server, tmp_path, input_price=1.0, output_price=1.0)
        silent = ask(client).usage
        assert (silent.input_tokens, silent.output_tokens, silent.dollars) == (0, 0, None)
        assert ask(client, sample=1).usage.dollars == pytest.approx(15e-6)
        assert client.usage.dollars is None


def test_usage_is_summed_over_replies_kept_ones_included(tmp_path: Path) -> None:
    with LlmServer(in_turn(Behaviour("", status=500), "Hi")) as server:
        first = make_client(server, tmp_path, input_price=1.0, output_price=1.0)
        ask(first)
        ask(first, sample=1)
        again = make_client(server, tmp_path, input_price=9.0, output_price=9.0)
        ask(again)
        ask(again, sample=1)
    assert again.usage == first.usage
    assert first.usage.dollars == pytest.approx(30e-6)
    expected = {"calls": 2, "retries": 1, "input_tokens": 20, "output_tokens": 10}
    assert {name: getattr(first.usage, name) for name in expected} == expected


def test_text_that_utf8_cannot_carry_is_asked_without_it(tmp_path: Path) -> None:
    with LlmServer(lambda body: "a\x00b\u2028 \U0001f3f3") as server:
        client = make_client(server, tmp_path)
        odd = [{"role": "user", "content": "half \ud83d, nul \x00, שלום"}]
        reply = asyncio.run(client.ask(odd))
        assert asyncio.run(client.ask(odd)) == reply
    assert server.requests[0].body["messages"][0]["content"] == "half ?, nul \x00, שלום"
    assert reply.text == "ab\u2028 \U0001f3f3"
    assert len(server.requests) == 1


def test_refusals_and_replies_cut_short_are_replies(tmp_path: Path) -> None:
    wrong = [
        Behaviour(None, refusal="I will not"),
        Behaviour(None, finish="content_filter"),
        Behaviour("half a sen", finish="length"),
    ]
    with LlmServer(in_turn(*wrong)) as server:
        client = make_client(server, tmp_path)
        replies = [ask(client, sample=n) for n in range(3)]
        assert [ask(client, sample=n) for n in range(3)] == replies
        assert len(server.requests) == 3
    assert [(r.text, r.finish, r.refusal) for r in replies] == [
        ("", "stop", "I will not"),
        ("", "content_filter", None),
        ("half a sen", "length", None),
    ]


def test_a_run_from_the_cache_starts_fast() -> None:
    slow = "{'openai', 'tenacity', 'torch'}"
    code = f"import sys, headatlas.llm.structured; print({slow} & {{*sys.modules}})"
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=True, cwd=SCRIPTS).stdout
    assert found == "set()\n"


@pytest.mark.parametrize("wrong", [{"input_price": 1.0}, {"max_dollars": 5.0}])
def test_a_budget_in_dollars_needs_prices(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="input_price and output_price"):
        Connection(base_url="http://localhost/v1", **wrong)


def test_usage_without_prices_has_no_dollars(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        client = make_client(server, tmp_path)
    assert client.usage == Usage(
        calls=0, retries=0, input_tokens=0, output_tokens=0, dollars=None, seconds=0.0
    )

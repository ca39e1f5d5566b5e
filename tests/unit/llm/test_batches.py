"""What goes in batches is paid for once, whatever becomes of the batch or of the process."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from batch_api import Fate
from llm_factory import HELLO, make_client, make_collecting
from llm_server import Behaviour, LlmServer, in_turn
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming

from headatlas.llm import batches as batches_module
from headatlas.llm import budget, collecting
from headatlas.llm import server as server_module
from headatlas.llm.batches import BatchFailed, BatchServer
from headatlas.llm.budget import Spent
from headatlas.llm.cache import Cache
from headatlas.llm.client import AskError, BudgetSpent, Refused, Reply
from headatlas.llm.collecting import Collecting, Pending, Wanted
from headatlas.llm.together import together
from headatlas.storage import read_record, write_record

KEY = "sk-very-secret-0123456789"
TOO_LARGE = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(batches_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(batches_module, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(collecting, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(budget, "REFRESH_SECONDS", -1.0)


async def asked(client: Collecting, count: int) -> list[Reply | BaseException]:
    """What is known of `count` requests."""
    asks = (client.ask(HELLO, sample=n) for n in range(count))
    return await asyncio.gather(*asks, return_exceptions=True)


def replies(client: Collecting, count: int) -> list[Reply | BaseException]:
    """Likewise after all were asked, by a process that looks for what another has left."""

    async def all_asked() -> list[Reply | BaseException]:
        await client.resume()
        while any(isinstance(found, Wanted) for found in await asked(client, count)):
            await client.collect()
        return await asked(client, count)

    return asyncio.run(all_asked())


def texts(client: Collecting, count: int) -> list[str]:
    """Likewise where all are answered."""
    found = replies(client, count)
    assert all(isinstance(reply, Reply) for reply in found), found
    return [reply.text for reply in found if isinstance(reply, Reply)]


def told(body: dict[str, Any]) -> str:
    """A brain that knows one request from another."""
    return f"reply {body['seed']}"


def paid(server: LlmServer) -> list[int]:
    """The samples that were answered, directly or in a batch."""
    bodies = [received.body for received in server.requests] + server.batches.answered
    return sorted(body["seed"] for body in bodies)


def spent(folder: Path) -> int:
    """Replies that are in the ledgers of all processes."""
    return sum(read_record(path, Spent).calls for path in (folder / "spent").iterdir())


def sizes(server: LlmServer) -> list[int]:
    """Of the batches, in requests."""
    return [batch["request_counts"]["total"] for batch in server.batches.batches.values()]


def test_what_is_wanted_is_noted_and_then_asked_for_together(tmp_path: Path) -> None:
    prices = {"input_price": 1.0, "output_price": 2.0}
    settings = {"seed": 0, "temperature": 0.5, "logprobs": True}
    with LlmServer(told, fate=lambda _: Fate(looks=3)) as server:
        client = make_collecting(server, tmp_path, **settings, **prices)
        first = asyncio.run(asked(client, 5))
        assert all(isinstance(found, Wanted) for found in first)
        assert server.requests == server.batch_calls == []
        assert texts(client, 5) == [f"reply {n}" for n in range(5)]
        assert len(server.requests) == 1 and sizes(server) == [4]
        bodies = [server.requests[0].body, *server.batches.answered]
        assert [body.pop("seed") for body in bodies] == [0, 1, 2, 3, 4]
        assert all(body == bodies[0] for body in bodies)
        again = make_client(server, tmp_path, **settings)  # as a head's job has it
        found = [asyncio.run(again.ask(HELLO, sample=n)) for n in range(5)]
        assert len(server.requests) == 1
    assert [reply.usage.seconds > 0 for reply in found] == [True, *[False] * 4]
    assert {(r.usage.calls, r.usage.retries, r.usage.input_tokens) for r in found} == {(1, 0, 10)}
    assert client.usage.calls == 5 and client.usage.dollars == pytest.approx(5 * 20e-6)
    assert spent(tmp_path) == 5
    assert not list((tmp_path / "batches").iterdir())


@pytest.mark.parametrize("status", ["completed", "expired", "cancelled", "failed"])
def test_the_server_of_these_tests_speaks_as_openai_does(tmp_path: Path, status: str) -> None:
    flaw = {"code": "invalid_url", "message": "no such URL", "line": 1, "param": None}
    fate = Fate(status, answered=1, errors=(flaw,) if status == "failed" else ())
    with LlmServer(told, fate=lambda _: fate) as server:
        with contextlib.suppress(AskError):
            replies(make_collecting(server, tmp_path, seed=0), 4)
        made, name = server.batches.batches["batch_0"], "file-in0"
    told_of_file = server.batches.uploads[name]
    for kind, body in ((openai.types.Batch, made), (openai.types.FileObject, told_of_file)):
        known = kind.model_validate(body)  # raises if a value is not of OpenAI's type
        assert known.model_extra == {}
    assert made["status"] == status
    for line in map(json.loads, server.batches.files[name].splitlines()):
        assert line.keys() == {"custom_id", "method", "url", "body"}
        assert len(line["custom_id"]) <= 64
        assert line["body"].keys() <= CompletionCreateParamsNonStreaming.__annotations__.keys()


def test_an_endpoint_that_is_not_batch_is_asked_directly(tmp_path: Path) -> None:
    with LlmServer(told) as server:
        client = make_collecting(server, tmp_path, batch=False, seed=0)
        assert texts(client, 3) == ["reply 0", "reply 1", "reply 2"]
        assert len(server.requests) == 3 and server.batch_calls == []


def test_the_first_request_shows_what_is_wrong_at_once(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour(f"wrong key {KEY}", status=401)) as server:
        client = make_collecting(server, tmp_path, {"KEY": KEY}, api_key_env="KEY")
        with pytest.raises(AskError, match=r"status 401: wrong key \*\*\*"):
            replies(client, 3)
        assert server.batch_calls == []


def test_a_server_without_batches_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LlmServer(told) as server:
        monkeypatch.setattr(server.batches, "post", lambda *_: None)
        with pytest.raises(AskError, match=r"status 404: .* a call of the Batch API, which not"):
            replies(make_collecting(server, tmp_path, seed=0), 3)


def test_a_batch_has_the_name_of_the_limit_that_the_first_request_found(tmp_path: Path) -> None:
    def brain(body: dict[str, Any]) -> Behaviour:
        if "max_tokens" in body:
            return Behaviour("Use 'max_completion_tokens' instead of 'max_tokens'", status=400)
        return Behaviour(f"at most {body['max_completion_tokens']}")

    with LlmServer(brain) as server:
        assert texts(make_collecting(server, tmp_path), 3) == ["at most 1000"] * 3
        assert len(server.requests) == 2 and len(server.batches.answered) == 2


@pytest.mark.parametrize(
    "odd",
    [
        Behaviour("overloaded", status=500),
        Behaviour("cannot say", status=400),
        Behaviour(drop=True),  # no line at all
        Behaviour(body=b"rubbish"),
        Behaviour(body=b"rubbish", status=503),
    ],
)
def test_what_a_batch_does_not_answer_is_asked_directly(tmp_path: Path, odd: Behaviour) -> None:
    with LlmServer(in_turn("first", "second", odd, "fourth", "third")) as server:
        client = make_collecting(server, tmp_path, retries=0)
        assert texts(client, 4) == ["first", "second", "third", "fourth"]
        assert sizes(server) == [3] and len(server.requests) == 2
    assert spent(tmp_path) == 4


def test_what_is_refused_is_refused_where_it_was_asked(tmp_path: Path) -> None:
    refusal = Behaviour("this prompt is too long", status=400)
    with LlmServer(in_turn("first", refusal, "third", refusal)) as server:
        client = make_collecting(server, tmp_path)
        found = replies(client, 3)
        assert isinstance(found[1], Refused) and "this prompt is too long" in str(found[1])
        assert [isinstance(reply, Reply) for reply in found] == [True, False, True]
        assert len(server.requests) == 2 and sizes(server) == [2]


def test_lines_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    lines = [{"custom_id": "nobody", "response": None}, {"custom_id": 7}, []]
    rubbish = b"\xff\xfe\n\n" + b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"
    with LlmServer(told, fate=lambda _: Fate(rubbish=rubbish)) as server:
        assert texts(make_collecting(server, tmp_path, seed=0), 3)[2] == "reply 2"
        assert len(server.requests) == 1


def test_what_expires_is_asked_in_another_batch(tmp_path: Path) -> None:
    def fate(requests: int) -> Fate:
        return Fate("expired", answered=1) if requests > 1 else Fate()

    with LlmServer(told, fate=fate) as server:
        assert texts(make_collecting(server, tmp_path, seed=0), 4)[3] == "reply 3"
        assert sizes(server) == [3, 2, 1] and paid(server) == [0, 1, 2, 3]


@pytest.mark.parametrize(("status", "answered"), [("expired", 0), ("cancelled", 2)])
def test_a_batch_that_ends_without_need_of_another_ends_the_asking(
    tmp_path: Path, status: str, answered: int
) -> None:
    def fate(requests: int) -> Fate:
        return Fate(status, answered=answered) if requests == 3 else Fate()

    with LlmServer(told, fate=fate) as server:
        client = make_collecting(server, tmp_path, seed=0)
        with pytest.raises(AskError, match=f"batch_0 {status}: {answered} of 3 answered"):
            replies(client, 4)
        assert spent(tmp_path) == 1 + answered
        if answered:  # it goes on when it is started again
            assert len(texts(make_collecting(server, tmp_path, seed=0), 4)) == 4
            assert paid(server) == [0, 1, 2, 3]


def test_a_batch_that_fails_says_why(tmp_path: Path) -> None:
    flaws = [
        {"code": "invalid_url", "line": 2, "message": f"no such URL, {KEY}"},
        {"code": "model_not_found", "message": "no such model"},
    ]
    fates = iter([Fate("failed", errors=tuple(flaws)), Fate()])
    with LlmServer(told, fate=lambda _: next(fates)) as server:
        settings = {"api_key_env": "KEY", "seed": 0}
        client = make_collecting(server, tmp_path, {"KEY": KEY}, **settings)
        with pytest.raises(BatchFailed) as caught:
            replies(client, 3)
        assert str(caught.value) == (
            f"small at {server.base_url}: batch_0 failed: line 2: no such URL, ***; no such model"
        )
        assert not list((tmp_path / "batches").iterdir())
        # What is mended needs a new batch, not the old one.
        assert len(texts(make_collecting(server, tmp_path, {"KEY": KEY}, **settings), 3)) == 3
        headers = {received.headers["authorization"] for received in server.batch_calls}
        assert headers == {f"Bearer {KEY}"}
    assert not any(KEY in file.read_text() for file in tmp_path.rglob("*.json"))


def test_a_batch_that_is_too_large_is_halved(tmp_path: Path) -> None:
    def fate(requests: int) -> Fate:
        return Fate("failed", errors=(TOO_LARGE,)) if requests > 3 else Fate()

    with LlmServer(told, fate=fate) as server:
        assert len(texts(make_collecting(server, tmp_path, seed=0), 11)) == 11
        assert sizes(server) == [10, 5, 2, 4, 2, 4, 2, 4, 2, 2] and paid(server) == list(range(11))
    with (
        LlmServer(told, fate=lambda _: Fate("failed", errors=(TOO_LARGE,))) as server,
        pytest.raises(BatchFailed, match="batch_1 failed: Enqueued token limit reached"),
    ):
        replies(make_collecting(server, tmp_path / "other", seed=0), 3)


def test_who_finds_the_queue_full_waits_for_the_batches_of_others(tmp_path: Path) -> None:
    """Two jobs at the same time, and a server that takes eight requests in all."""

    def fate(requests: int) -> Fate:
        batches = server.batches.batches.values()
        before = [b for b in batches if b["status"] in ("validating", "in_progress")]
        if requests + sum(b["request_counts"]["total"] for b in before) > 8:
            return Fate("failed", errors=(TOO_LARGE,))
        return Fate(looks=40 if requests == 8 else 1)

    async def both() -> list[Reply | BaseException]:
        clients = [make_collecting(server, tmp_path, temperature=t, seed=0) for t in (0, 1)]
        for client in clients:
            await asked(client, 9)
        await together(client.collect() for client in clients)
        return [found for client in clients for found in await asked(client, 9)]

    with LlmServer(told, fate=fate) as server:
        assert all(isinstance(found, Reply) for found in asyncio.run(both()))
        done = [b for b in server.batches.batches.values() if b["status"] == "completed"]
        assert paid(server) == sorted([*range(9)] * 2)
    assert [batch["request_counts"]["total"] for batch in done] == [8, 1, 2, 4, 1]


@pytest.mark.parametrize(("limit", "value"), [("MOST_REQUESTS", 3), ("MOST_BYTES", 3 * 250)])
def test_batches_are_no_larger_than_a_server_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(collecting, limit, value)
    with LlmServer(told) as server:
        assert len(texts(make_collecting(server, tmp_path, seed=0), 9)) == 9
        assert sizes(server) == [3, 3, 2]


unlink = Path.unlink


class Killed(BaseException):
    """As a process that is killed, it is caught by nobody."""


def kill(*_: object) -> None:
    raise Killed


def kill_at_the_end(path: Path, missing_ok: bool = False) -> None:
    """Instead of the removal of what is pending."""
    if path.parent.name == "batches" and not path.name.startswith("."):
        raise Killed
    unlink(path, missing_ok)


@pytest.mark.parametrize(
    ("where", "at", "killer", "made"),
    [
        (BatchServer, "ended", kill, 0),  # the file is uploaded
        (BatchServer, "_looked_at", kill, 1),  # the batch is made
        (BatchServer, "answers", kill, 1),  # it has ended
        (Path, "unlink", kill_at_the_end, 1),  # the replies are kept
    ],
)
def test_a_kill_makes_nothing_be_paid_twice(
    tmp_path: Path, where: type, at: str, killer: Callable[..., None], made: int
) -> None:
    with LlmServer(told) as server:
        with pytest.MonkeyPatch.context() as patch:
            client = make_collecting(server, tmp_path, seed=0)
            asyncio.run(asked(client, 4))
            patch.setattr(where, at, killer)
            with pytest.raises(Killed):
                asyncio.run(client.collect())
            assert list((tmp_path / "batches").glob("*.json"))
        assert len(server.batches.batches) == made and len(server.batches.files) >= 1
        assert len(texts(make_collecting(server, tmp_path, seed=0), 6)) == 6
        assert paid(server) == [0, 1, 2, 3, 4, 5]
    assert spent(tmp_path) == 6
    assert not list((tmp_path / "batches").iterdir())


def test_a_kill_while_replies_are_kept_counts_none_twice(tmp_path: Path) -> None:
    put, kept = Cache.put, []

    def put_or_die(self: Cache, *exchange: Any) -> None:
        kept.append(exchange)
        if len(kept) == 3:
            raise Killed
        put(self, *exchange)

    with LlmServer(told) as server:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Cache, "put", put_or_die)
            replies(make_collecting(server, tmp_path, seed=0), 5)
        assert len(texts(make_collecting(server, tmp_path, seed=0), 5)) == 5
        assert paid(server) == [0, 1, 2, 3, 4]
    assert spent(tmp_path) == 6  # that which was being kept


@pytest.mark.parametrize("call", ["POST files", "POST batches", "GET batches/batch_0"])
def test_a_call_that_is_repeated_makes_no_second_batch(tmp_path: Path, call: str) -> None:
    with LlmServer(told) as server:
        server.dropped.add(call)
        assert len(texts(make_collecting(server, tmp_path, seed=0), 4)) == 4
        assert not server.dropped
        assert paid(server) == [0, 1, 2, 3]


def test_a_batch_is_waited_for_though_its_server_is_away_for_a_while(tmp_path: Path) -> None:
    looked_at, looks = BatchServer._looked_at, itertools.count()

    async def away(self: BatchServer, batch: str) -> batches_module.Batch:
        if next(looks) < 4:
            raise openai.APIConnectionError(request=httpx.Request("GET", "http://away"))
        return await looked_at(self, batch)

    with LlmServer(told) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(BatchServer, "_looked_at", away)
        assert len(texts(make_collecting(server, tmp_path, seed=0, retries=0), 4)) == 4


def test_a_batch_is_found_among_many(tmp_path: Path) -> None:
    with LlmServer(told) as server:
        server.dropped.add("POST batches")
        for number in range(batches_module.PAGE * 2):
            other = {"id": f"other{number}", "input_file_id": "other", "status": "completed"}
            server.batches.batches[f"other{number}"] = other | {"request_counts": {"total": 0}}
        assert len(texts(make_collecting(server, tmp_path, seed=0), 4)) == 4
        assert len([name for name in server.batches.batches if "batch_" in name]) == 1


def test_batches_of_other_models_and_places_are_left_alone(tmp_path: Path) -> None:
    with LlmServer(told) as server:
        for name, place in (("small", "http://away/v1"), ("large", server.base_url)):
            pending = Pending(base_url=place, model=name, input_file="lost", requests=[])
            write_record(tmp_path / f"batches/{name}.json", pending)
        assert len(texts(make_collecting(server, tmp_path, seed=0), 2)) == 2
        assert len(list((tmp_path / "batches").iterdir())) == 2
        ours = Pending(base_url=server.base_url, model="small", input_file="lost", requests=[])
        write_record(tmp_path / "batches/ours.json", ours)
        with pytest.raises(AskError, match=r"batches/ours\.json: small at .*status 404"):
            replies(make_collecting(server, tmp_path, seed=0), 2)


def test_a_budget_in_calls_holds_for_all_of_a_batch(tmp_path: Path) -> None:
    with LlmServer(told) as server:
        client = make_collecting(server, tmp_path, seed=0, max_calls=4)
        found = replies(client, 7)
        assert paid(server) == [0, 1, 2, 3] and sizes(server) == [3]
    assert [isinstance(reply, BudgetSpent) for reply in found] == [False] * 4 + [True] * 3
    assert "the budget of 4 calls for small is spent" in str(found[6])


def test_what_is_in_a_batch_is_held_against_the_budget_until_it_ends(tmp_path: Path) -> None:
    """Two clients of a model, as explainer and judge may be, wait for batches at the same time."""

    async def both() -> list[Reply | BaseException]:
        clients = [
            make_collecting(server, tmp_path, seed=0, temperature=degree, max_calls=6)
            for degree in (0, 1)
        ]
        for client in clients:
            await asked(client, 5)
        await together(client.collect() for client in clients)
        return [found for client in clients for found in await asked(client, 5)]

    with LlmServer(told, fate=lambda _: Fate(looks=3)) as server:
        found = asyncio.run(both())
        assert len(paid(server)) == 6
    assert sum(isinstance(reply, BudgetSpent) for reply in found) == 4


def test_what_others_spend_once_a_batch_was_measured_ends_nothing(tmp_path: Path) -> None:
    fitting = Collecting._fitting

    def fitting_before_others_spend(*args: Any) -> Any:
        found = fitting(*args)
        write_record(tmp_path / "spent/other.json", Spent(model="small", calls=3))
        return found

    with LlmServer(told) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Collecting, "_fitting", fitting_before_others_spend)
        found = replies(make_collecting(server, tmp_path, seed=0, max_calls=5), 7)
        assert paid(server) == [0, 1, 2, 3, 4]
    assert [isinstance(reply, BudgetSpent) for reply in found] == [False] * 5 + [True] * 2


def test_a_budget_that_does_not_cover_the_most_is_used_up_in_several_batches(
    tmp_path: Path,
) -> None:
    """A reply may cost 1,000 tokens or more, and costs 15."""
    with LlmServer(told) as server:
        client = make_collecting(server, tmp_path, seed=0, max_total_tokens=6500)
        assert len(texts(client, 20)) == 20
        assert len(sizes(server)) > 1 and sum(sizes(server)) == 19 and max(sizes(server)) == 5
    with LlmServer(told) as server:
        client = make_collecting(server, tmp_path / "other", seed=0, max_total_tokens=900)
        assert all(isinstance(reply, BudgetSpent) for reply in replies(client, 2))
        assert server.requests == server.batch_calls == []

"""Budgets hold over processes and reruns, and count only what is paid for."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from llm_factory import HELLO, make_client
from llm_server import Behaviour, LlmServer, in_turn
from places import SCRIPTS

from headatlas.errors import InputError
from headatlas.llm import budget
from headatlas.llm.budget import Ledger, Spent
from headatlas.llm.client import BudgetSpent, Client, Reply
from headatlas.llm.usage import no_usage

PRICES = {"input_price": 1000.0, "output_price": 2000.0}
OTHER_PROCESS = """
import sys
from pathlib import Path
from headatlas.llm.budget import Ledger, Spent
from headatlas.llm.usage import no_usage

usage = no_usage(priced=False).model_copy(update={"calls": 1})
Ledger(Path(sys.argv[1]), "small").add(usage, Spent(model="small"))
"""


@pytest.fixture(autouse=True)
def _look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "REFRESH_SECONDS", -1.0)


def in_another_process(replies: Path, calls: int) -> None:
    """A process has a ledger; this one has some more."""
    other = Ledger(replies, "small")
    for _ in range(calls):
        usage = no_usage(priced=False).model_copy(update={"calls": 1})
        other.add(usage, Spent(model="small"))


async def ask_many(client: Client, count: int) -> tuple[int, set[str]]:
    """How many were answered, and why the others were not."""
    asks = (client.ask(HELLO, sample=n) for n in range(count))
    results = await asyncio.gather(*asks, return_exceptions=True)
    refused = {str(r) for r in results if isinstance(r, BudgetSpent)}
    answered = sum(isinstance(r, Reply) for r in results)
    assert answered + sum(isinstance(r, BudgetSpent) for r in results) == count
    return answered, refused


def test_calls_never_exceed_the_budget_also_at_once(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi", latency=0.05) as server:
        client = make_client(server, tmp_path, max_calls=5, calls_at_once=8)
        answered, refused = asyncio.run(ask_many(client, 20))
        assert answered == len(server.requests) == 5
    assert all("the budget of 5 calls for small is spent" in reason for reason in refused)


def test_kept_replies_are_free(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        client = make_client(server, tmp_path, max_calls=2)
        assert asyncio.run(ask_many(client, 2))[0] == 2
        assert asyncio.run(ask_many(client, 2))[0] == 2
        with pytest.raises(BudgetSpent, match="2 paid"):
            asyncio.run(client.ask(HELLO, sample=2))


def test_a_run_counts_what_other_processes_have_paid(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        client = make_client(server, tmp_path, max_calls=4)
        assert asyncio.run(ask_many(client, 1))[0] == 1
        in_another_process(tmp_path, 1)
        run = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path)]
        subprocess.run(run, check=True, cwd=SCRIPTS)
        answered, _ = asyncio.run(ask_many(client, 6))
        assert answered == 2  # the kept one, and one more
        in_another_process(tmp_path, 5)
        with pytest.raises(BudgetSpent) as caught:
            asyncio.run(client.ask(HELLO, sample=9))
    expected = "the budget of 4 calls for small is spent: 9 paid, and what is asked may cost 1"
    assert str(caught.value) == expected


def test_a_later_budget_counts_what_was_spent_without_one(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        assert asyncio.run(ask_many(make_client(server, tmp_path), 3))[0] == 3
        client = make_client(server, tmp_path, max_calls=3)
        with pytest.raises(BudgetSpent, match="3 paid"):
            asyncio.run(client.ask(HELLO, sample=3))


def test_models_have_ledgers_of_their_own(tmp_path: Path) -> None:
    with LlmServer(lambda body: "Hi") as server:
        for model in ("small", "large"):
            client = make_client(server, tmp_path, model=model, max_calls=2)
            assert asyncio.run(ask_many(client, 3))[0] == 2


def test_clients_of_a_process_share_its_ledger(tmp_path: Path) -> None:
    async def both() -> list[Reply | BaseException]:
        clients = [make_client(server, tmp_path, max_calls=3) for _ in range(2)]
        asks = [
            client.ask(HELLO, sample=2 * n + i)
            for n in range(3)
            for i, client in enumerate(clients)
        ]
        return await asyncio.gather(*asks, return_exceptions=True)

    with LlmServer(lambda body: "Hi", latency=0.05) as server:
        results = asyncio.run(both())
        assert len(server.requests) == 3
    assert sum(isinstance(result, BudgetSpent) for result in results) == 3


@pytest.mark.parametrize(
    ("limit", "covered"),
    # A request is 250 bytes or less, a reply 100 tokens or less. A reply costs 300 tokens,
    # 0.4 dollars: another call is made while what it may cost at most is left.
    [({"max_total_tokens": 1000}, 3), ({"max_dollars": 1.7}, 4), ({"max_total_tokens": 90}, 0)],
)
def test_tokens_and_dollars(tmp_path: Path, limit: dict[str, float], covered: int) -> None:
    with LlmServer(lambda body: Behaviour("Hi", usage=(200, 100))) as server:
        client = make_client(server, tmp_path, max_tokens=100, calls_at_once=1, **PRICES, **limit)
        answered, refused = asyncio.run(ask_many(client, 6))
    assert answered == covered
    assert all(f"the budget of {next(iter(limit.values())):,} " in r for r in refused)


def test_a_reply_that_tells_no_tokens_counts_as_the_most_it_may_cost(tmp_path: Path) -> None:
    with LlmServer(lambda body: Behaviour("Hi", usage=None)) as server:
        client = make_client(
            server, tmp_path, max_tokens=100, calls_at_once=1, max_total_tokens=900
        )
        answered, _ = asyncio.run(ask_many(client, 9))
    assert 900 // (100 + 250) <= answered <= 900 // 100


def test_a_call_that_failed_is_not_counted(tmp_path: Path) -> None:
    failure = Behaviour("No", status=400)
    with LlmServer(in_turn(*[failure] * 4, "Hi")) as server:
        client = make_client(server, tmp_path, max_calls=1)
        for _ in range(2):
            with pytest.raises(Exception, match="status 400"):
                asyncio.run(client.ask(HELLO))
        assert asyncio.run(client.ask(HELLO)).text == "Hi"


def test_a_damaged_ledger_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "spent").mkdir()
    (tmp_path / "spent/1.json").write_text("{")
    with LlmServer(lambda body: "Hi") as server:
        with pytest.raises(InputError, match=r"spent/1\.json"):
            asyncio.run(make_client(server, tmp_path, max_calls=1).ask(HELLO))
        asyncio.run(make_client(server, tmp_path).ask(HELLO))  # reads no ledger


def test_others_are_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "REFRESH_SECONDS", 1000.0)
    with LlmServer(lambda body: "Hi") as server:
        client = make_client(server, tmp_path, max_calls=3)
        asyncio.run(client.ask(HELLO))
        in_another_process(tmp_path, 2)
        asyncio.run(client.ask(HELLO, sample=1))  # they are not yet seen
        monkeypatch.setattr(budget, "REFRESH_SECONDS", -1.0)
        with pytest.raises(BudgetSpent):
            asyncio.run(client.ask(HELLO, sample=2))

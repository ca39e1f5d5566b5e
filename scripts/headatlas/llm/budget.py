"""What the replies of a model have cost so far, over all processes and reruns."""

import functools
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from ..records.base import Record
from ..records.usage import Usage
from ..settings.endpoint import Connection
from ..storage import read_record, write_record
from .exchange import BudgetSpent

REFRESH_SECONDS = 2.0  # after which the ledgers of other processes are looked at again


class Spent(Record):
    """What was paid for, by a process or by many."""

    model: str
    calls: int = Field(default=0, ge=0)
    tokens: int = Field(default=0, ge=0)
    dollars: float = Field(default=0.0, ge=0, allow_inf_nan=False)

    def plus(self, other: "Spent") -> "Spent":
        """The sum."""
        return Spent(
            model=self.model,
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            dollars=self.dollars + other.dollars,
        )


class Ledger:
    """Files `{folder}/spent/{process}.json`: each process writes its own and reads all.

    Only replies that came are counted. A process never starts a call that the budget may not
    cover; together with those that other processes started in the last seconds it may.
    """

    def __init__(self, folder: Path, model: str):
        self._folder = folder / "spent"
        self._path = self._folder / f"{uuid.uuid4().hex}.json"
        self._own = Spent(model=model)
        self._under_way: list[Spent] = []
        self._others = self._own
        self._files: dict[Path, tuple[int, Spent]] = {}  # time of change, content
        self._read_at = -float("inf")

    def add(self, usage: Usage, at_most: Spent) -> None:
        """Count a reply that was paid for; as `at_most` if the server did not say its tokens."""
        paid = Spent(
            model=self._own.model,
            calls=usage.calls,
            tokens=usage.input_tokens + usage.output_tokens
            if usage.input_tokens
            else at_most.tokens,
            dollars=at_most.dollars if usage.dollars is None else usage.dollars,
        )
        self._own = self._own.plus(paid)
        write_record(self._path, self._own)

    @contextmanager
    def call(self, budget: Connection, at_most: Spent) -> Iterator[None]:
        """Around a call that costs `at_most`. Raises BudgetSpent if the budget is too small."""
        self.check(budget, at_most)
        with self.under_way(at_most):
            yield

    @contextmanager
    def under_way(self, at_most: Spent) -> Iterator[None]:
        """Likewise around what was checked just now."""
        self._under_way.append(at_most)
        try:
            yield
        finally:
            self._under_way.remove(at_most)

    def check(self, budget: Connection, at_most: Spent) -> None:
        """Raise BudgetSpent if what costs `at_most` may not be started now."""
        limits = {
            "calls": budget.max_calls,
            "tokens": budget.max_total_tokens,
            "dollars": budget.max_dollars,
        }
        if all(limit is None for limit in limits.values()):
            return
        spent = self._spent()
        after = functools.reduce(Spent.plus, self._under_way, spent.plus(at_most))
        for what, limit in limits.items():
            if limit is not None and getattr(after, what) > limit:
                paid, asked = getattr(spent, what), getattr(after, what) - getattr(spent, what)
                raise BudgetSpent(
                    f"the budget of {limit:,} {what} for {spent.model} is spent: "
                    f"{round(paid, 6):,} paid, and what is asked may cost {round(asked, 6):,}"
                )

    def _spent(self) -> Spent:
        """By all processes."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._others = self._read_others()
            self._read_at = time.monotonic()
        return self._own.plus(self._others)

    def _read_others(self) -> Spent:
        """What other processes have written; files that did not change are not read again."""
        for path in self._folder.glob("*.json"):
            changed = path.stat().st_mtime_ns
            if path != self._path and self._files.get(path, (0,))[0] != changed:
                self._files[path] = changed, read_record(path, Spent)
        others = (spent for _, spent in self._files.values() if spent.model == self._own.model)
        return functools.reduce(Spent.plus, others, Spent(model=self._own.model))


@functools.cache
def ledger(folder: Path, model: str) -> Ledger:
    """The one ledger of this process for the model; clients share it."""
    return Ledger(folder, model)

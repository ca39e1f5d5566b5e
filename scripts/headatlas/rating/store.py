"""The answers of raters in one SQLite file, with all that the raters are shown.

Every answer is a transaction that is on disk before the rater sees the next page, so that a
server that is killed loses nothing.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from headatlas.errors import InputError
from headatlas.intervals import generator

from .study import Study, ordered
from .units import Unit

_TABLES = """
create table study (key text primary key, value text not null);
create table units (unit integer primary key, content text not null);
create table raters (rater integer primary key, name text not null unique, joined text not null);
create table sessions (session text primary key, rater integer not null references raters);
create table trials (
    rater integer not null references raters, place integer not null,
    unit integer not null references units, repeats integer,
    primary key (rater, place)
);
create table marks (
    rater integer not null, place integer not null, marked text, at text not null,
    primary key (rater, place), foreign key (rater, place) references trials
);
create table ratings (
    rater integer not null, place integer not null,
    rating integer not null check (rating between 1 and 5), own text not null, at text not null,
    primary key (rater, place), foreign key (rater, place) references trials
);
"""
Marked = dict[int, list[int]]  # of each window, the positions that were marked


class Trial(NamedTuple):
    """A unit in the order of a rater, and the answers to it so far."""

    rater: int
    place: int
    number: int  # of the unit
    repeats: int | None  # place of the trial that it repeats
    sent: bool  # whether the marks are there,
    marked: Marked | None  # which they are; None: the rater could not tell
    rating: int | None
    own: str  # an explanation by the rater; empty for none


_TRIALS = """
select t.rater, t.place, t.unit, t.repeats, m.at is not null, m.marked, r.rating,
    coalesce(r.own, '')
from trials t left join marks m using (rater, place) left join ratings r using (rater, place)
"""


class Store:
    """An open file of ratings. Its statements run one after the other, in one thread."""

    def __init__(self, path: Path):
        self.path = path
        # Transactions begin where we say so.
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._connection.executescript(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;"
        )

    @property
    def tables(self) -> set[str]:
        rows = self._connection.execute("select name from sqlite_master where type = 'table'")
        return {row[0] for row in rows}

    @property
    def begun(self) -> bool:
        """Whether it is known what is rated."""
        return {"study", "units", "ratings"} <= self.tables

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what the block writes, or nothing."""
        self._connection.execute("begin immediate")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def begin(self, study: Study, units: Sequence[Unit]) -> None:
        """Write down what is rated. Called once, on a new file."""
        facts = {"study": study.model_dump_json(), "secret": secrets.token_hex(32)}
        with self.transaction() as open_:
            for statement in _TABLES.split(";"):
                open_.execute(statement)
            open_.executemany("insert into study values (?, ?)", facts.items())
            rows = [(number, unit.model_dump_json()) for number, unit in enumerate(units)]
            open_.executemany("insert into units values (?, ?)", rows)

    def study(self) -> Study:
        return Study.model_validate_json(self._fact("study"))

    def secret(self) -> str:
        """A key of the file's own, so that pages from before a restart can be sent after it."""
        return self._fact("secret")

    def unit(self, number: int) -> Unit:
        content = self._value("select content from units where unit = ?", number)
        return Unit.model_validate_json(content)

    def units(self) -> list[Unit]:
        rows = self._connection.execute("select content from units order by unit")
        return [Unit.model_validate_json(row[0]) for row in rows]

    def rater_named(self, name: str) -> int | None:
        row = self._one("select rater from raters where name = ?", name)
        return row[0] if row else None

    def join(self, name: str) -> int:
        """A rater of that name: the one that there is, or a new one with an order of trials."""
        study, units = self.study(), self.units()
        with self.transaction() as open_:
            if (known := self.rater_named(name)) is not None:
                return known
            rater: int = self._value("select coalesce(max(rater), 0) + 1 from raters")
            open_.execute("insert into raters values (?, ?, ?)", (rater, name, _now()))
            order = ordered(units, study.plan, rater, generator(study.plan.seed, "order", name))
            open_.executemany(
                "insert into trials values (?, ?, ?, ?)",
                [(rater, place, *trial) for place, trial in enumerate(order)],
            )
        return rater

    def names(self) -> dict[int, str]:
        return dict(self._connection.execute("select rater, name from raters order by rater"))

    def open_session(self, session: str, rater: int) -> None:
        with self.transaction() as open_:
            open_.execute("insert or replace into sessions values (?, ?)", (session, rater))

    def rater_of(self, session: str) -> int | None:
        row = self._one("select rater from sessions where session = ?", session)
        return row[0] if row else None

    def trials(self, rater: int | None = None) -> list[Trial]:
        """Those of a rater in their order, or of all."""
        where = "" if rater is None else " where t.rater = ?"
        rows = self._connection.execute(
            f"{_TRIALS}{where} order by t.rater, t.place", () if rater is None else (rater,)
        )
        return [_trial(row) for row in rows]

    def mark(self, rater: int, place: int, marked: Marked | None) -> None:
        """Keep the marks of a trial; None: the rater cannot tell. Sent again, they replace."""
        content = None if marked is None else json.dumps(marked)
        with self.transaction() as open_:
            open_.execute(
                "insert or replace into marks values (?, ?, ?, ?)", (rater, place, content, _now())
            )

    def rate(self, rater: int, place: int, rating: int, own: str) -> None:
        """Keep the rating of a trial, likewise."""
        with self.transaction() as open_:
            open_.execute(
                "insert or replace into ratings values (?, ?, ?, ?, ?)",
                (rater, place, rating, own, _now()),
            )

    def _fact(self, key: str) -> str:
        value: str = self._value("select value from study where key = ?", key)
        return value

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(query, values).fetchone()
        return row

    def _value(self, query: str, *values: object) -> Any:
        """The first column of the one row. Raises KeyError if there is none."""
        row = self._one(query, *values)
        if row is None:
            raise KeyError(values)
        return row[0]


def open_store(path: Path) -> Store:
    """The store of a file that is there. Raises InputError if it holds no ratings."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    store = _opened(path)
    if not store.begun:
        raise InputError(f"{path}: holds no ratings")
    return store


def begun(path: Path, study: Study, units: Sequence[Unit]) -> Store:
    """The store of a study: that of the file, or a new one with these units.

    Raises InputError if the file is of another study, or its explanations are not these.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    store = _opened(path)
    if not store.begun:  # a new file, or one whose beginning was interrupted
        store.begin(study, units)
    elsewhere = "allowed: another file, or to move this one away"
    found = store.study()
    if found != study:
        raise InputError(f"{path}: is of {_told(found)}, not of {_told(study)}; {elsewhere}")
    if [unit.digest for unit in store.units()] != [unit.digest for unit in units]:
        raise InputError(f"{path}: the explanations were others when it was begun; {elsewhere}")
    return store


def _opened(path: Path) -> Store:
    try:
        store = Store(path)
        if store.tables and not store.begun:
            raise InputError(f"{path}: is a database of something else")
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path}: holds no ratings ({error})") from None
    return store


def _told(study: Study) -> str:
    plan = ", ".join(f"{name} {value}" for name, value in study.plan.model_dump().items())
    return f"{study.model}, {study.corpus}, {study.explainer}, round {study.round} ({plan})"


def _trial(row: tuple[Any, ...]) -> Trial:
    rater, place, unit, repeats, sent, marked, rating, own = row
    found = json.loads(marked) if marked is not None else None
    by_window = {int(key): value for key, value in found.items()} if found is not None else None
    return Trial(rater, place, unit, repeats, bool(sent), by_window, rating, own)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

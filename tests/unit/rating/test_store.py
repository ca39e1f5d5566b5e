"""Answers in a file: resumed, replaced, refused where the file is of something else."""

import sqlite3
from pathlib import Path

import pytest
from rating_factory import write_atlas

from headatlas.errors import InputError
from headatlas.rating.store import Store, begun, open_store
from headatlas.rating.study import Atlas, Plan, draw_units, read_atlas, study_of

PLAN = Plan(heads=4, catch=1, repeats=1, windows=1, seed=0)


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    return read_atlas(write_atlas(tmp_path / "run"), None)


def opened(atlas: Atlas, path: Path, plan: Plan = PLAN) -> Store:
    return begun(path, study_of(atlas, plan), draw_units(atlas, plan))


def test_a_rater_comes_back_to_the_same_order_and_answers(atlas: Atlas, tmp_path: Path) -> None:
    store = opened(atlas, tmp_path / "r.sqlite")
    ann, bob = store.join("Ann"), store.join("Bob")
    assert (ann, bob, store.join("Ann")) == (1, 2, 1)
    store.mark(ann, 0, {100: [3, 9]})
    store.mark(ann, 1, None)
    store.rate(ann, 0, 2, "")
    store.rate(ann, 0, 4, "mine; drop table ratings")
    before, secret = store.trials(ann), store.secret()
    store.close()
    again = opened(atlas, tmp_path / "r.sqlite")
    assert again.trials(ann) == before and again.secret() == secret
    assert before[0].rating == 4 and before[0].own == "mine; drop table ratings"
    assert before[0].marked == {100: [3, 9]} and before[0].sent
    assert before[1].marked is None and before[1].sent and before[1].rating is None
    assert not before[2].sent and [t.place for t in before] == list(range(10))
    assert [t.number for t in again.trials(bob)] != [t.number for t in before]


def test_an_answer_to_what_was_not_asked_is_not_kept(atlas: Atlas, tmp_path: Path) -> None:
    store = opened(atlas, tmp_path / "r.sqlite")
    ann = store.join("Ann")
    for place, rating in ((99, 3), (0, 6)):
        with pytest.raises(sqlite3.IntegrityError):
            store.rate(ann, place, rating, "")
    assert all(trial.rating is None for trial in store.trials())


def test_a_file_of_another_study_is_refused(atlas: Atlas, tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    opened(atlas, path).close()
    with pytest.raises(InputError, match=r"is of toy, .*heads 4.*not of .*heads 5.*another file"):
        opened(atlas, path, PLAN.model_copy(update={"heads": 5}))
    changed = {at: e.model_copy(update={"summary": "New."}) for at, e in atlas.explanations.items()}
    with pytest.raises(InputError, match="the explanations were others when it was begun"):
        opened(atlas._replace(explanations=changed), path)


def test_what_holds_no_ratings_is_refused(atlas: Atlas, tmp_path: Path) -> None:
    text, other = tmp_path / "text", tmp_path / "other.sqlite"
    text.write_text("no database" * 100)
    with sqlite3.connect(other) as connection:
        connection.execute("create table study (x)")
    connection.close()
    for path in (text, other):
        for attempt in (open_store, lambda path: opened(atlas, path)):
            with pytest.raises(InputError, match=rf"{path.name}: (holds no ratings|is a database)"):
                attempt(path)
    with pytest.raises(InputError, match="no such file"):
        open_store(tmp_path / "none")


def test_a_beginning_that_was_interrupted_is_begun_again(atlas: Atlas, tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    Store(path).close()
    assert opened(atlas, path).join("Ann") == 1

"""Where an explanation predicts activity, and what is lost there, by hand."""

import numpy as np
import pyarrow as pa
import pytest

from headatlas.dependence.attributed import by_head, largest
from headatlas.dependence.rows import Ablated, estimated_row, over_all, rows_of, where
from headatlas.dependence.where import active_tokens, sides
from headatlas.intervals import resample_counts
from headatlas.records.attribution import ATTRIBUTION

ONE = np.ones((1, 2))


def test_a_fifth_of_the_tokens_is_active() -> None:
    found = active_tokens(np.arange(20.0).reshape(2, 10))
    assert found is not None and np.flatnonzero(found).tolist() == [16, 17, 18, 19]


def test_ties_make_fewer_but_never_none() -> None:
    rare = np.zeros((2, 10))
    rare[0, 3] = 1
    assert np.flatnonzero(active_tokens(rare)).tolist() == [3]
    common = np.zeros((2, 10))
    common[0] = 1
    found = active_tokens(common)
    assert found is not None and found[0].all() and not found[1].any()
    assert active_tokens(np.ones((2, 10))) is None


def test_means_are_over_tokens_not_over_windows() -> None:
    values = np.array([[1.0, 2, 3], [10, 20, 30]])
    active = np.array([[True, True, False], [True, False, False]])
    there, rest = sides(values, active, np.array([[1.0, 1], [2, 0], [0, 1]]))
    np.testing.assert_allclose(there, [13 / 3, 1.5, 10])
    np.testing.assert_allclose(rest, [53 / 3, 3, 25])
    (nothing,), _ = sides(values, np.array([[False] * 3, [True] * 3]), np.array([[1.0, 0]]))
    assert np.isnan(nothing)


def ablated(loss: np.ndarray) -> Ablated:
    return Ablated([4, 9], loss, loss * 2, loss / 4)


def test_effects_by_hand() -> None:
    """Six tokens, the last without a next one: of queries 1 to 4 one is active in each window."""
    loss = np.array([[9.0, 0, 0, 1, 0], [9, 0, 0, 3, 0]])
    own = {4: np.array([5.0, 0, 0, 1, 0, 7]), 9: np.array([5.0, 0, 0, 1, 0, 7])}
    other = {4: np.array([0.0, 1, 0, 0, 0, 0]), 9: np.array([0.0, 1, 0, 0, 0, 0])}
    constant = {4: np.ones(6), 9: np.ones(6)}
    found = where(ablated(loss), own, [other, constant, {}], ONE.repeat(3, 0))
    assert found["active"].value == 2 and found["elsewhere"].value == 0
    assert found["difference"].value == 2
    assert found["control"].value == pytest.approx(0 - 4 / 6) and found["control"].n == 1
    assert found["margin"].value == pytest.approx(2 + 4 / 6)
    counts = resample_counts(np.random.default_rng(0), 200, 2).astype(float)
    every = over_all(ablated(loss), counts)
    assert every["loss"].value == pytest.approx(22 / 10)
    assert (every["loss"].low, every["loss"].high) == (10 / 5, 12 / 5)
    assert every["kl"].value == pytest.approx(44 / 10)
    assert every["direct"].value == pytest.approx(5.5 / 10)
    assert every["later"].value == pytest.approx(16.5 / 10)


def test_what_cannot_be_said_has_a_reason() -> None:
    loss = np.ones((2, 5))
    for predicted, reason in (({}, "nothing"), ({4: np.ones(6), 9: np.ones(6)}, "same")):
        found = where(ablated(loss), predicted, [], ONE)
        assert all(e.value is None and reason in str(e.reason) for e in found.values())
    own = {4: np.arange(6.0), 9: np.arange(6.0)}
    found = where(ablated(loss), own, [{}], ONE)
    assert found["difference"].value == 0 and found["margin"].value is None
    assert "control" in str(found["margin"].reason)


def test_rows_of_every_kind() -> None:
    made = ablated(np.ones((2, 5)))
    kinds = {"mean": made, "zero": made._replace(direct=None)}
    rows = list(rows_of((3, 1), kinds, {}, [], resamples=20, seed=0))
    assert {(r["layer"], r["head"]) for r in rows} == {(3, 1)}
    figures = [r["figure"] for r in rows if r["kind"] == "mean"]
    where_told = ["active", "elsewhere", "difference", "control", "margin"]
    assert figures == ["loss", "kl", "direct", "later", *where_told]
    assert [r["figure"] for r in rows if r["kind"] == "zero"] == figures[:2] + figures[4:]


def test_estimates_choose_heads() -> None:
    """By the size of their means, and of equals the first."""
    values = {(0, 1): (1.0, 3), (0, 0): (-4, -4), (2, 5): (0, 4), (1, 1): (0.1, 0)}
    rows = [
        {"layer": layer, "head": head, "window": 9 - n, "loss": loss}
        for (layer, head), losses in values.items()
        for n, loss in enumerate(losses)
    ]
    table = pa.Table.from_pylist(rows, schema=ATTRIBUTION)
    assert by_head(table)[0, 1].tolist() == [3, 1], "in the order of windows"
    assert largest(table, 1) == {(0, 0)}
    assert largest(table, 2) == {(0, 0), (0, 1)}
    assert largest(table, 9) == set(values)
    row = estimated_row((0, 0), np.array([-4.0, -4]), resamples=20, seed=0)
    assert (row["figure"], row["value"], row["low"], row["n"]) == ("estimate", -4, -4, 2)

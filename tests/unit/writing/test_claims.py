"""Claims on what heads raise and lower: chosen on train and validation, held against test."""

from typing import Any

import polars as pl
import pytest

from headatlas.records.direct import OBJECTS
from headatlas.writing.claims import claims_of, lift_of

PIECES = {1: " one", 2: " two", 3: " three"}


def rows(
    lifts: dict[tuple[str, str], float],
    windows: int = 8,
    itself: bool = False,
    tokens: int = 8,
    at_random: dict[str, float] | None = None,
) -> pl.DataFrame:
    """A head that adds to each object of a split so many standard deviations more.

    There are so many `tokens` by turns; `at_random` are its lifts at random queries.
    """
    found: list[dict[str, Any]] = []
    for split in ("train", "validation", "test"):
        for window in range(windows):
            for kind in ("active", "random"):
                row: dict[str, Any] = {"split": split, "kind": kind, "window": window}
                row |= {"key": 3, "query": 3 if itself and kind == "active" else 5}
                row |= {"spread": 2.0, "raised": [1, 2 + window % 2], "lowered": [window + 10]}
                for place, name in enumerate(OBJECTS):
                    lift = lifts.get((split, name), 0.0)
                    if kind == "random":
                        lift = (at_random or {}).get(name, 0.0)
                    same = itself and kind == "active" and name == "current"
                    row[f"{name}_token"] = window % tokens + (0 if same else 100 * place)
                    jitter = 0.1 if window % 2 else -0.1
                    row[f"{name}_effect"] = 1.0 + 2.0 * (lift + jitter)
                    row[f"{name}_matched"] = 1.0
                    row[f"{name}_above"] = 0.95 if lift > 0 else 0.02 if lift < 0 else 0.5
                found.append(row)
    return pl.DataFrame(found)


def everywhere(name: str, lift: float) -> dict[tuple[str, str], float]:
    return {(split, name): lift for split in ("train", "validation", "test")}


@pytest.mark.parametrize(("lift", "effect"), [(1.5, "raises"), (-1.5, "lowers")])
def test_what_is_raised_or_lowered_everywhere_is_claimed_and_holds(
    lift: float, effect: str
) -> None:
    (claim,) = claims_of(3, 4, rows(everywhere("attended", lift)), PIECES).claims
    assert (claim.effect, claim.object, claim.holds) == (effect, "attended", True)
    assert claim.chosen == pytest.approx(1.5)
    assert claim.test.value == pytest.approx(1.5)
    assert claim.test.low is not None and claim.test.high is not None
    assert 1.4 <= claim.test.low < 1.5 < claim.test.high <= 1.6
    assert claim.extreme == 1.0
    assert claim.random.value == pytest.approx(0.0)


def test_every_other_claim_is_held_against_test_text_too() -> None:
    found = claims_of(0, 0, rows({("test", "current"): 1.0}), PIECES)
    assert not found.claims
    assert [(c.effect, c.object) for c in found.others] == [
        (effect, name) for name in OBJECTS for effect in ("raises", "lowers")
    ]
    held = [(c.effect, c.object, c.test.value) for c in found.others if c.holds]
    assert held == [("raises", "current", pytest.approx(1.0))]
    found = claims_of(0, 0, rows(everywhere("current", 1.0)), PIECES)
    assert len(found.claims) == 1 and len(found.others) == 5


def test_what_only_one_split_shows_is_not_claimed() -> None:
    for split in ("train", "validation"):
        assert not claims_of(0, 0, rows({(split, "current"): 2.0}), PIECES).claims


def test_a_claim_that_test_text_denies_does_not_hold() -> None:
    found = rows({("train", "current"): 1.0, ("validation", "current"): 1.0})
    (claim,) = claims_of(0, 0, found, PIECES).claims
    assert not claim.holds
    assert claim.test.value == pytest.approx(0.0)


def test_a_head_that_attends_to_the_current_token_is_told_by_it() -> None:
    lifts = everywhere("attended", 1.5) | everywhere("current", 1.5)
    (claim,) = claims_of(0, 0, rows(lifts, itself=True), PIECES).claims
    assert claim.object == "current"
    copies = rows(lifts, itself=True, at_random={"attended": 1.5, "current": 0.1})
    (claim,) = claims_of(0, 0, copies, PIECES).claims
    assert claim.object == "attended", "elsewhere it raises the other one that it attends to"
    assert len(claims_of(0, 0, rows(lifts), PIECES).claims) == 2


def test_small_lifts_are_no_claim() -> None:
    assert not claims_of(0, 0, rows(everywhere("attended", 0.4)), PIECES).claims


def test_the_largest_two_are_claimed() -> None:
    lifts = everywhere("attended", 1.0) | everywhere("current", -3.0)
    lifts |= everywhere("after_attended", 2.0)
    found = claims_of(0, 0, rows(lifts), PIECES).claims
    assert [(c.effect, c.object) for c in found] == [
        ("lowers", "current"),
        ("raises", "after_attended"),
    ]


def test_the_smaller_claim_holds_where_its_token_is_another() -> None:
    """What raises the attended token raises the current one too, where that is the same."""
    lifts = everywhere("attended", 3.0) | everywhere("current", 1.0)
    apart = rows(lifts, windows=16)
    assert len(claims_of(0, 0, apart, PIECES).claims) == 2
    half = pl.col("window") % 2 == 0
    same = apart.with_columns(
        current_token=pl.when(half).then("attended_token").otherwise("current_token"),
        current_effect=pl.when(half).then("attended_effect").otherwise("current_matched"),
    )
    (claim,) = claims_of(0, 0, same, PIECES).claims
    assert claim.object == "attended"


def test_tokens_that_are_often_raised_are_shown() -> None:
    found = claims_of(0, 0, rows({}), PIECES)
    assert found.raised == [" one", " two", " three"]
    assert found.lowered == []  # another one in each window


def test_a_few_tokens_make_no_claim_on_all() -> None:
    assert not claims_of(0, 0, rows(everywhere("attended", 1.5), tokens=3), PIECES).claims


def test_intervals_are_over_tokens() -> None:
    values = [2.0] * 12 + [-0.4, -0.4, -0.4, -0.4]
    one_frequent = lift_of(values, [0] * 12 + [1, 2, 3, 4])
    each_its_own = lift_of(values, list(range(16)))
    assert (one_frequent.value, each_its_own.value) == pytest.approx((1.4, 1.4))
    assert one_frequent.low is not None and one_frequent.low < 0
    assert each_its_own.low is not None and each_its_own.low > 0


def test_what_some_tokens_show_by_chance_is_not_claimed() -> None:
    """Clear of 0 at 95 % in every split, for these are the same tokens: a random map does that."""
    values = [0.2, 1.4, 0.3, 1.3, 0.4, 1.2]
    found = rows(everywhere("attended", 0.0), windows=len(values), tokens=len(values))
    own = pl.col("kind") == "active"
    by_token = pl.col("attended_token").replace_strict(dict(enumerate(values)), return_dtype=float)
    found = found.with_columns(
        attended_effect=pl.when(own).then(1.0 + 2.0 * by_token).otherwise("attended_effect")
    )
    lift = lift_of(values, range(len(values)))
    assert lift.low is not None and lift.low > 0
    assert not claims_of(0, 0, found, PIECES).claims


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(bad: float) -> None:
    found = rows(everywhere("attended", 1.5), windows=16)
    first = pl.col("window") == 0
    found = found.with_columns(spread=pl.when(first).then(float("nan")).otherwise("spread"))
    second = pl.when(pl.col("window") == 1).then(bad).otherwise("attended_effect")
    found = found.with_columns(attended_effect=second)
    (claim,) = claims_of(0, 0, found, PIECES).claims
    assert (claim.object, claim.test.n) == ("attended", 14)


def test_few_tokens_have_no_lift() -> None:
    assert lift_of([1.0, 2.0, 3.0], [0, 1, 2]).value is None
    assert lift_of([1.0] * 4, [0, 1, 2, 2]).value is None
    assert lift_of([1.0] * 4, [0, 1, 2, 3]).value == 1.0

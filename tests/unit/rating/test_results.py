"""What ratings come to, on small cases worked out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.rating.results import (
    Result,
    Settings,
    alpha,
    balanced_accuracy,
    by_head,
    repeats,
    results,
    trusted,
)

SETTINGS = Settings(200, 0)


def row(kind: str, head: int, rating: int | None, rater: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "rater": rater,
        "place": more.pop("place", 10 * head + ("true", "control", "catch").index(kind)),
        "layer": 0,
        "head": head,
        "kind": kind,
        "repeats": None,
        "current": True,
        "rating": rating,
        "unsure": None,
        **dict.fromkeys(("active", "active_marked", "inactive", "inactive_marked")),
        **more,
    }


def of(found: list[Result], raters: str, measure: str, metric: str | None = None) -> Result:
    (one,) = [r for r in found if (r.raters, r.measure, r.metric) == (raters, measure, metric)]
    return one


def test_ratings_of_explanations_and_controls() -> None:
    rows = [row("true", 0, 5), row("control", 0, 2), row("true", 1, 4), row("control", 1, 4)]
    rows += [row("true", 0, 3, rater=2), row("true", 2, None), row("catch", 0, 1)]
    found = results(rows, {}, SETTINGS)
    assert by_head(rows, "true") == {(0, 0): 4.0, (0, 1): 4.0}
    assert of(found, "all", "rating_true").estimate.value == 4.0
    assert of(found, "all", "rating_control").estimate.value == 3.0
    assert of(found, "all", "rating_margin").estimate.value == 1.0  # (4 - 2 + 4 - 4) / 2
    # Of 2 x 2 pairs: 4 above 2 twice, 4 beside 4 twice.
    assert of(found, "all", "rating_auroc").estimate.value == 0.75
    assert of(found, "1", "rating_margin").estimate.value == 1.5  # (5 - 2 + 4 - 4) / 2
    assert of(found, "2", "rating_margin").estimate.value is None


def test_who_reads_is_told_from_who_does_not() -> None:
    again = row("true", 0, 5, place=40, repeats=0)
    reads = [row("true", 0, 4), row("catch", 3, 2), again]
    assert trusted(reads) and repeats(reads) == [1]
    assert not trusted([row("true", 0, 4), row("catch", 3, 3)])
    assert not trusted([row("true", 0, 2), row("catch", 3, 1), again])
    assert not trusted([row("true", 0, 5)])  # nobody knows
    rows = [*reads, row("true", 0, 1, rater=2), row("catch", 3, 5, rater=2)]
    found = results(rows, {}, SETTINGS)
    assert of(found, "1", "trusted").estimate.value == 1.0
    assert of(found, "2", "trusted").estimate.value == 0.0
    assert of(found, "2", "catches_found").estimate.value == 0.0
    assert of(found, "1", "repeats_apart").estimate.value == 1.0
    assert of(found, "all", "rating_true").estimate.value == 2.5
    assert of(found, "trusted", "rating_true").estimate.value == 4.0


def test_what_has_changed_since_does_not_count() -> None:
    rows = [row("true", 0, 5), row("true", 1, 1, current=False)]
    assert of(results(rows, {}, SETTINGS), "all", "rating_true").estimate.value == 5.0
    none = results([row("true", 1, 1, current=False)], {}, SETTINGS)
    assert of(none, "all", "rating_true").estimate[:4] == (None, None, None, 0)


def test_alpha_is_that_of_a_published_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's alpha-reliability", section C: four
    # observers, twelve units, ordinal: 0.815.
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    rows = [
        row("true", head, value, rater)
        for rater, values in enumerate(table, 1)
        for head, value in enumerate(values)
    ]
    found = alpha(rows, SETTINGS)
    assert found.value == pytest.approx(0.815, abs=5e-4)
    assert found.n == 11  # one unit has one observer
    assert found.low is not None and found.high is not None and found.low < 0.815 < found.high


def test_alpha_needs_several_raters_and_ratings_that_vary() -> None:
    alone = alpha([row("true", head, head + 1) for head in range(4)], SETTINGS)
    assert alone.value is None and "several raters" in str(alone.reason)
    same = alpha([row("true", h, 3, rater) for h in range(4) for rater in (1, 2)], SETTINGS)
    assert same.value is None and same.reason == "the values are constant"


def test_ratings_beside_scores() -> None:
    rows = [row("true", head, rating) for head, rating in enumerate((1, 2, 3, 5))]
    scores = {
        "up": {(0, head): 0.1 * head for head in range(4)},
        "down": {(0, head): -0.1 * head for head in range(4)},
        "swapped": {(0, 0): 1.0, (0, 1): 2.0, (0, 2): 4.0, (0, 3): 3.0},
        "few": {(0, 0): 1.0, (0, 1): 2.0},
    }
    found = results(rows, scores, SETTINGS)
    values = {name: of(found, "all", "spearman", name).estimate.value for name in scores}
    assert values["up"] == pytest.approx(1) and values["down"] == pytest.approx(-1)
    # 1 - 6 Σd² / (n (n² - 1)) = 1 - 6 · 2 / 60
    assert values["swapped"] == pytest.approx(0.8) and values["few"] is None


def test_marks_beside_chance() -> None:
    one = {"unsure": False, "active": 4, "active_marked": 3, "inactive": 10, "inactive_marked": 2}
    other = {"unsure": False, "active": 1, "active_marked": 0, "inactive": 10, "inactive_marked": 0}
    rows = [row("true", 0, 5, **one), row("true", 1, 5, **other), row("true", 2, 5, unsure=True)]
    rows += [row("true", 0, 5, place=50, repeats=0, **other)]
    found = of(results(rows, {}, SETTINGS), "all", "marks_true").estimate
    # 3 of 5 active ones marked, 18 of 20 others not.
    assert found.value == pytest.approx((3 / 5 + 18 / 20) / 2) and found.n == 2


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=1), st.booleans())
def test_to_mark_all_or_none_is_chance(sides: list[tuple[int, int]], everything: bool) -> None:
    trials = [(everything * n, n, everything * m, m) for n, m in sides]
    assert balanced_accuracy(np.array([trials], float))[0] == pytest.approx(0.5)

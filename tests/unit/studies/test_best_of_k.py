"""The expected best of k: by hand, against all subsets, and on candidates whose worth is known."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.items import Item
from headatlas.records.explanation import Candidate
from headatlas.studies.best_of_k import curves_of, expected_best, fit, power_law, rows_of


def test_three_candidates_by_hand() -> None:
    """By choice 3 > 2 > 1: of the pairs two hold the first and one the second."""
    found = expected_best(np.array([1.0, 3.0, 2.0]), np.array([0.3, 0.6, 0.9]))
    assert found == pytest.approx([0.6, (2 * 0.6 + 0.9) / 3, 0.6])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=6))
def test_it_is_the_mean_over_all_subsets(scores: list[tuple[int, int]]) -> None:
    """Of equals, each is kept as often."""
    chosen, measured = (np.array(column, dtype=float) for column in zip(*scores, strict=True))
    for k, found in enumerate(expected_best(chosen, measured), 1):
        means = []
        for subset in combinations(range(len(scores)), k):
            best = max(chosen[list(subset)])
            means.append(np.mean([measured[n] for n in subset if chosen[n] == best]))
        assert found == pytest.approx(np.mean(means))


def items_and_documents(count: int) -> tuple[list[Item], dict[int, str]]:
    items = [
        Item("active", window, query, None, query % 2 == 0)
        for window in range(count)
        for query in range(6)
    ]
    return items, {window: f"d{window}" for window in range(count)}


def candidate(answers: list[float | None], number: int = 0) -> Candidate:
    return Candidate(
        round=0, number=number, summary="s", behaviours=[], score=0.5, reason=None, answers=answers
    )


def guesses(items: list[Item], right: float, rng: np.random.Generator) -> list[float | None]:
    """Answers of a judge that is right so often."""
    return [float(item.holds if rng.random() < right else not item.holds) for item in items]


def test_candidates_that_are_all_the_same_gain_nothing_where_they_were_not_chosen() -> None:
    """Chosen and measured on the same text, the best of eight that all guess looks better."""
    items, documents = items_and_documents(8)
    rng = np.random.default_rng(0)
    curves = []
    for _ in range(60):
        found = curves_of(
            [candidate(guesses(items, 0.5, rng), n) for n in range(8)], items, documents
        )
        assert found is not None
        curves.append(found)
    rows = [*rows_of(curves, 200, 0)]
    last = {row["measured_on"]: row for row in rows if row["k"] == 8}
    other, same = last["other documents"], last["the same documents"]
    assert other["low"] < 0.5 < other["high"]  # type: ignore[operator]
    assert same["low"] > 0.6  # type: ignore[operator]


def test_the_better_of_candidates_is_found() -> None:
    items, documents = items_and_documents(8)
    wrong = [0.5] * len(items)
    right = [float(item.holds) for item in items]
    found = curves_of([candidate(wrong), candidate(right)], items, documents)
    assert found is not None
    for curve in found:
        assert curve == pytest.approx([0.75, 1.0])


def test_a_candidate_that_failed_is_kept_by_nobody_and_alone_is_chance() -> None:
    items, documents = items_and_documents(4)
    right = candidate([float(item.holds) for item in items])
    found = curves_of([candidate([]), right, candidate([])], items, documents)
    assert found is not None
    # Alone it is right once in three; of the three pairs two hold it.
    assert found[0] == pytest.approx([(1 + 2 * 0.5) / 3, (2 + 0.5) / 3, 1.0])


def test_one_document_leaves_nothing_to_measure_on() -> None:
    items, _ = items_and_documents(1)
    assert curves_of([candidate([1.0] * len(items))], items, {0: "d"}) is None


def test_the_power_law_is_found_and_tested_on_larger_k() -> None:
    curve = power_law(np.arange(1.0, 13.0), 0.9, 0.3, 0.7)
    found = fit(curve.tolist())
    assert found is not None and found.fitted == 6
    assert (found.asymptote, found.gain, found.exponent) == pytest.approx((0.9, 0.3, 0.7), abs=1e-3)
    assert found.error < 1e-4 < found.error_of_no_gain
    bent = np.array([*curve[:6], *(curve[5] - 0.05 * np.arange(1, 7))])
    beyond = fit(bent.tolist())
    assert beyond is not None and beyond.error > beyond.error_of_no_gain


def test_too_few_candidates_are_fitted_by_nothing() -> None:
    assert fit([0.5, 0.6, 0.65, 0.67]) is None

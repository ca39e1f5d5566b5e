"""How explanations are held against the truth, on cases worked out by hand."""

import numpy as np
import pytest

from headatlas.subjects.planted.grading import agreement, exact_width, true_first


def attention(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=float)


REST = attention([0, 0, 0], [1, 0, 0], [1, 0, 0])
PREVIOUS = attention([0, 0, 0], [0, 0, 0], [0, 1, 0])
CURRENT = attention([0, 0, 0], [0, 1, 0], [0, 0, 1])
BOTH = attention([0, 0, 0], [0, 0.3, 0], [0, 0.3, 0.3])


@pytest.mark.parametrize(
    ("found", "true", "expected"),
    [
        (PREVIOUS, PREVIOUS, 1.0),
        (0.2 * PREVIOUS, PREVIOUS, 1.0),  # how much it predicts does not count
        (REST + PREVIOUS, PREVIOUS, 1.0),  # nor what rests
        (REST, PREVIOUS, 0.0),
        (REST, REST, 1.0),
        (PREVIOUS, CURRENT, 0.0),
        (BOTH, CURRENT, 0.75),  # all of query 1, half of query 2
        (BOTH, PREVIOUS, 0.25),  # a query too many, and half of query 2
    ],
)
def test_agreement(found: np.ndarray, true: np.ndarray, expected: float) -> None:
    assert agreement([found], [true]) == pytest.approx(expected)
    assert agreement([true], [found]) == pytest.approx(expected)


def test_agreement_counts_queries_and_not_windows() -> None:
    assert agreement([PREVIOUS, REST], [PREVIOUS, CURRENT]) == pytest.approx(1 / 3)


def test_a_score_tells_the_truth_if_it_puts_it_first() -> None:
    assert true_first(0.5, [0.4, 0.5, 0.6, None]) == pytest.approx(2.5 / 4)


def test_a_score_that_the_truth_lacks_says_nothing() -> None:
    assert true_first(None, [0.4, None]) is None


@pytest.mark.parametrize(("n", "width"), [(1, 0.975), (45, 0.0787)])  # of a table of binomials
def test_the_interval_of_none_or_all(n: int, width: float) -> None:
    assert exact_width(n) == pytest.approx(width, abs=5e-5)

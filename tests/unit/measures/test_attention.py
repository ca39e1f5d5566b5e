"""How much of a head's attention is explained, on matrices worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.measure import OfWindows, Trace
from headatlas.measures import (
    attention_explained,
    attention_explained_off_first,
    attention_gain,
    attention_gain_off_first,
    iou,
    iou_off_first,
)
from headatlas.statistics.divergence import divergence, even, first, off_first, rows_of

MEASURES = [
    module.MEASURE
    for module in (
        attention_explained,
        attention_explained_off_first,
        attention_gain,
        attention_gain_off_first,
        iou,
        iou_off_first,
    )
]
# Query 1 looks at the first token; query 2 half at it, half at itself.
SEEN = np.array([[1, 0, 0], [1, 0, 0], [0.5, 0, 0.5]])


def trace(attention: np.ndarray) -> Trace:
    return Trace(np.arange(len(attention)), np.zeros(len(attention)), attention)


def value(measure: OfWindows, predicted: np.ndarray, measured: np.ndarray = SEEN) -> float:
    return float(measure.statistic(measure.sums(trace(predicted), trace(measured))[None])[0])


def test_the_share_explained_by_hand() -> None:
    # Even attention leaves ln 2 at query 1 and ln 1.5 at query 2.
    left = np.log(2) + np.log(1.5)
    resting = np.array([[1, 0, 0], [0.75, 0.25, 0], [0.25, 0.25, 0.5]])
    lost = -np.log(0.75) - 0.5 * np.log(0.5)
    assert value(attention_explained.MEASURE, resting) == pytest.approx(1 - lost / left)
    assert value(attention_gain.MEASURE, resting) == pytest.approx((left - lost) / 2)
    # Off the first token only query 2 has a choice, between two keys: ln 2 is left.
    lost = -np.log(0.5 / 0.75)
    expected = 1 - lost / np.log(2)
    assert value(attention_explained_off_first.MEASURE, resting) == pytest.approx(expected)
    gain = value(attention_gain_off_first.MEASURE, resting)
    assert gain == pytest.approx((np.log(2) - lost) / 2)


def test_the_overlap_by_hand() -> None:
    resting = np.array([[1, 0, 0], [0.75, 0.25, 0], [0.25, 0.25, 0.5]])
    assert value(iou.MEASURE, resting) == pytest.approx((1 + 0.75 + 0.75) / (1 + 1.25 + 1.25))
    assert value(iou_off_first.MEASURE, resting) == pytest.approx(0.5 / (0.25 + 0.25 + 0.5))


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_perfect_and_even_predictions(measure: OfWindows) -> None:
    perfect = value(measure, SEEN)
    if measure.name.startswith("attention_gain"):
        assert perfect > 0
    else:
        assert perfect == pytest.approx(1)
    if not measure.name.startswith("iou"):
        assert value(measure, even(3)) == pytest.approx(0)
    assert value(measure, even(3)) < perfect


def test_even_attention_leaves_nothing_to_explain() -> None:
    assert np.isnan(value(attention_explained.MEASURE, SEEN, even(3)))
    assert value(attention_gain.MEASURE, even(3), even(3)) == 0


def test_what_is_predicted_nowhere_costs_much_and_no_infinity() -> None:
    assert -30 < value(attention_gain.MEASURE, first(3), np.eye(3)) < 0


attention = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.floats(0.01, 1), min_size=n * n, max_size=n * n).map(
        lambda values: np.tril(np.array(values).reshape(n, n))
    )
)


@given(attention)
def test_no_prediction_is_nearer_than_the_attention_itself(rows: np.ndarray) -> None:
    for part in (rows_of, off_first):
        own = part(rows)
        assert divergence(own, own) == pytest.approx(0, abs=1e-9)
        assert divergence(own, part(even(len(rows)))) >= -1e-9
        assert own.sum(axis=1) == pytest.approx(np.ones(len(own)))

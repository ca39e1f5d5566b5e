"""Scores of windows with their controls, and the matrices behind them."""

import numpy as np
import pytest

from headatlas.intervals import Estimate, resample_counts, undefined
from headatlas.measure import CONTROLS
from headatlas.measures import attention_correlation
from headatlas.pairs import ranked_pairs
from headatlas.scoring.beside import beside_controls
from headatlas.statistics.correlation import moments, pearson

MEASURE = attention_correlation.MEASURE


def counts(units: int, resamples: int = 200) -> np.ndarray:
    return resample_counts(np.random.default_rng(0), resamples, units)


def beside(own: np.ndarray, **controls: list[np.ndarray]) -> dict[str, Estimate]:
    """The correlation of predicted values [windows, values], and of those of other heads."""
    drawn = counts(len(own))
    return beside_controls(
        MEASURE,
        pearson(drawn @ own),
        {kind: [pearson(drawn @ other) for other in controls.get(kind, [])] for kind in CONTROLS},
        n=len(own),
        units=len(own),
        why_not="it has none",
        constant="predicted",
    )


def stack(predicted: list[list], measured: list[list]) -> np.ndarray:
    """Moments of windows, of one explanation."""
    rows = zip(np.array(predicted, float), np.array(measured, float), strict=True)
    return np.array([moments(p, m) for p, m in rows])


def by_hand(value: float, n: int) -> object:
    """An estimate that is the same in every resample."""
    return pytest.approx(Estimate(value, value, value, n))


def test_control_and_margin_by_hand() -> None:
    measured = [[0, 1, 2], [2, 1, 0], [0, 2, 1]]
    own = stack(measured, measured)
    opposite = stack([[-x for x in row] for row in measured], measured)
    flat = stack([[1, 1, 1]] * 3, measured)
    result = beside(own, **{"": [opposite, own, flat], "layer_": [opposite]})
    assert list(result) == MEASURE.names
    assert result["attention_correlation"] == by_hand(1, 3)
    # The constant control has no correlation and is left out: the mean of -1 and 1, of two.
    assert result["attention_correlation_control"] == by_hand(0, 2)
    assert result["attention_correlation_margin"] == by_hand(1, 3)
    assert result["attention_correlation_layer_control"] == by_hand(-1, 1)
    assert result["attention_correlation_layer_margin"] == by_hand(2, 3)


def test_margin_is_resampled_together_with_its_control() -> None:
    rng = np.random.default_rng(1)
    measured = rng.normal(size=(12, 20))
    sums = stack(measured + rng.normal(size=(12, 20)), measured)
    result = beside(sums, **{"": [sums]})
    own = result["attention_correlation"]
    assert own.low < own.value < own.high
    assert result["attention_correlation_margin"][:3] == pytest.approx((0, 0, 0), abs=1e-12)


def test_an_undefined_score_and_its_margin_have_the_reason() -> None:
    result = beside(stack([[0, 0], [0, 0]], [[1, 2], [3, 4]]))
    assert result["attention_correlation"] == undefined(2, "it has none", "predicted")
    assert result["attention_correlation_margin"] == undefined(2, "it has none", "predicted")


def test_without_a_control_there_is_no_margin() -> None:
    measured = [[0, 1], [2, 5]]
    result = beside(stack(measured, measured), **{"": [stack([[1, 1], [1, 1]], measured)]})
    assert result["attention_correlation"].value == pytest.approx(1)
    for kind, reason in (
        ("", "no control explanation has this score"),
        ("layer_", "no other head of its layer that says something else serves as a control"),
    ):
        assert result[MEASURE.control_of(kind)] == undefined(0, reason)
        assert result[MEASURE.margin_of(kind)] == undefined(2, reason)


def test_ranked_pairs_leave_out_the_future_and_the_first_token() -> None:
    assert ranked_pairs(3).astype(int).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 1]]

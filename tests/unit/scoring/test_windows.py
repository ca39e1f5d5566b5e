"""Correlation with its control, pair AUROC and the matrices behind them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.errors import InputError
from headatlas.intervals import resample_counts
from headatlas.pairs import ranked_pairs
from headatlas.records.judgement import Prediction
from headatlas.scoring.correlation import correlations, moments, pearson
from headatlas.scoring.pair_auroc import pair_auroc, window_concordance
from headatlas.scoring.windows import predicted_attention

values = st.floats(-10, 10).map(lambda x: round(x, 1))
windows = st.lists(st.lists(st.tuples(values, values), min_size=1, max_size=6), min_size=1)


def counts(units: int, resamples: int = 200) -> np.ndarray:
    return resample_counts(np.random.default_rng(0), resamples, units)


def stack(predicted: list[list], measured: list[list]) -> np.ndarray:
    """Moments of windows, of one explanation."""
    rows = zip(np.array(predicted, float), np.array(measured, float), strict=True)
    return np.array([moments(p, m) for p, m in rows])


@given(windows)
def test_pearson_from_sums_is_pearson_of_all_values(pairs: list) -> None:
    columns = [np.array(window).T for window in pairs]
    x, y = np.concatenate(columns, axis=1)
    r = float(pearson(sum(moments(a, b) for a, b in columns)))
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan(r)
    else:
        assert r == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)


@given(st.floats(1e-30, 1e6) | st.floats(-1e6, -1e-30) | st.just(0.0), st.integers(2, 300))
def test_constants_have_no_correlation_however_they_round(value: float, n: int) -> None:
    assert np.isnan(pearson(moments(np.full(n, value), np.arange(float(n)))))


def test_the_rounding_of_stored_values_is_no_variation() -> None:
    """A value between two of half precision, stored now as the lower and now as the upper one."""
    between = np.tile([1 + 2.0**-11 - 1e-6, 1 + 2.0**-11 + 1e-6], 50)
    stored = between.astype(np.float16).astype(float)
    assert np.ptp(stored) == 2.0**-10
    predicted = np.tile([0.0, 1.0], 50)
    assert np.isnan(pearson(moments(predicted, stored)))
    assert pearson(moments(predicted, stored + 0.01 * predicted)) == pytest.approx(1)


def test_correlation_of_a_resample_is_that_of_its_windows() -> None:
    x, y = [[1, 2], [3, 5], [0, 4]], [[2, 1], [4, 4], [1, 3]]
    twice_the_first = np.array([[2, 0, 1]])
    r = pearson(twice_the_first @ stack(x, y))
    expected = np.corrcoef([1, 2, 1, 2, 0, 4], [2, 1, 2, 1, 1, 3])[0, 1]
    assert r == pytest.approx([expected])


def test_control_and_margin_by_hand() -> None:
    measured = [[0, 1, 2], [2, 1, 0], [0, 2, 1]]
    own = stack(measured, measured)
    opposite = stack([[-x for x in row] for row in measured], measured)
    flat = stack([[1, 1, 1]] * 3, measured)
    controls = {"": np.stack([opposite, own, flat], axis=1), "layer_": opposite[:, None]}
    result = correlations("salience", own, controls, counts(3))
    assert result["salience_correlation"] == pytest.approx((1, 1, 1, 3, None))
    # The constant control has no correlation and is left out: the mean of -1 and 1, of two.
    assert result["salience_correlation_control"] == pytest.approx((0, 0, 0, 2, None))
    assert result["salience_margin"] == pytest.approx((1, 1, 1, 3, None))
    assert result["salience_correlation_layer_control"] == pytest.approx((-1, -1, -1, 1, None))
    assert result["salience_layer_margin"] == pytest.approx((2, 2, 2, 3, None))


def test_margin_is_resampled_together_with_its_control() -> None:
    rng = np.random.default_rng(1)
    measured = rng.normal(size=(12, 20))
    predicted = measured + rng.normal(size=(12, 20))
    sums = stack(predicted, measured)
    result = correlations("attention", sums, {"": sums[:, None]}, counts(12))
    own = result["attention_correlation"]
    assert own.low < own.value < own.high
    assert result["attention_margin"][:3] == pytest.approx((0, 0, 0), abs=1e-12)


@pytest.mark.parametrize(
    ("predicted", "measured", "reason"),
    [
        ([[0, 0], [0, 0]], [[1, 2], [3, 4]], "predicted attention is constant"),
        ([[1, 2], [3, 4]], [[5, 5], [5, 5]], "measured attention is constant"),
        ([[1, 2], [3, np.inf]], [[5, 6], [5, 5]], "attention is not finite"),
    ],
)
def test_undefined_correlation_has_a_reason(predicted: list, measured: list, reason: str) -> None:
    controls = {"": np.zeros((2, 0, 6))}
    result = correlations("attention", stack(predicted, measured), controls, counts(2))
    assert result["attention_correlation"] == (None, None, None, 2, reason)
    assert result["attention_margin"] == (None, None, None, 2, reason)


def test_without_a_control_there_is_no_margin() -> None:
    measured = [[0, 1], [2, 5]]
    flat = stack([[1, 1], [1, 1]], measured)
    controls = {"": flat[:, None], "layer_": np.zeros((2, 0, 6))}
    result = correlations("attention", stack(measured, measured), controls, counts(2))
    assert result["attention_correlation"].value == pytest.approx(1)
    for kind, reason in (
        ("", "no control explanation has a correlation"),
        ("layer_", "no other head of its layer serves as a control"),
    ):
        control = result[f"attention_correlation_{kind}control"]
        assert control == (None, None, None, 0, reason)
        assert result[f"attention_{kind}margin"] == (None, None, None, 2, reason)


def prediction(keys: list, weights: list) -> Prediction:
    return Prediction(split="test", window=4, salience=[0, 1, 2], keys=keys, weights=weights)


def test_predicted_attention_is_scattered_by_row() -> None:
    dense = predicted_attention(prediction([[], [1], [2, 0]], [[], [0.5], [0.25, 0.75]]), 3)
    assert dense.tolist() == [[0, 0, 0], [0, 0.5, 0], [0.75, 0, 0.25]]


@pytest.mark.parametrize(
    ("keys", "weights", "message"),
    [
        ([[], [2], []], [[], [1], []], "window 4: key 2 of query 1; a query sees keys 0 to itself"),
        ([[], [-1], []], [[], [1], []], "window 4: key -1 of query 1"),
        ([[], [1], []], [[], [], []], "a row has not as many weights as keys"),
        ([[], []], [[], []], "3 saliences, 2 rows of keys and 2 of weights, but the window has 3"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(keys: list, weights: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        predicted_attention(prediction(keys, weights), 3)


def test_ranked_pairs_leave_out_the_future_and_the_first_token() -> None:
    assert ranked_pairs(3).astype(int).tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 1]]


def attention(length: int, pairs: dict[tuple[int, int], float]) -> np.ndarray:
    dense = np.zeros((length, length))
    for place, weight in pairs.items():
        dense[place] = weight
    return dense


def test_pair_concordance_by_hand() -> None:
    # One strong pair: query 3, key 2, tokens 8 and 7. Its look-alikes:
    # same query: keys 1 and 3 (predicted 0.5 and 0.2 against 0.5: a tie and a win, 3/4);
    # same distance: queries 2 and 4 have other tokens (0 and 0.9: a win and a loss, 1/2);
    # same tokens: queries 3 and 5 with keys 2 and 4 leave (5, 2) and (5, 4): two wins, 1.
    # Neither the first token nor the future is a look-alike, whatever is predicted there.
    tokens = np.array([7, 9, 7, 8, 7, 8])
    measured = attention(6, {(3, 2): 0.9})
    predicted = attention(6, {(3, 2): 0.5, (3, 1): 0.5, (3, 3): 0.2, (4, 3): 0.9})
    predicted[3, 4] = predicted[3, 0] = predicted[5, 0] = 0.9
    total, pairs = window_concordance(tokens, predicted, measured)
    assert pairs == 1
    assert total == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_pair_auroc_of_the_truth_is_one_and_of_a_constant_one_half() -> None:
    tokens = np.array([0, 1, 2, 1, 2, 3, 1])
    measured = attention(7, {(3, 2): 0.9, (4, 1): 0.8, (6, 5): 0.7})
    truth = window_concordance(tokens, measured, measured)
    constant = window_concordance(tokens, np.zeros((7, 7)), measured)
    assert pair_auroc(np.array([truth] * 3), counts(3)) == (1, 1, 1, 9, None)
    assert pair_auroc(np.array([constant] * 3), counts(3)) == (0.5, 0.5, 0.5, 9, None)


def test_a_rule_of_distance_alone_does_not_win_among_equal_distances() -> None:
    # The head looks back by one only at token 2; the prediction looks back by one always.
    tokens = np.array([0, 1, 2, 3, 4, 5])
    measured = attention(6, {(3, 2): 0.9})
    predicted = np.eye(6, k=-1)
    assert window_concordance(tokens, predicted, measured) == pytest.approx([3 / 4, 1])


def test_uniform_attention_has_no_strong_pairs() -> None:
    uniform = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
    found = window_concordance(np.arange(5), uniform, uniform)
    assert found.tolist() == [0, 0]
    result = pair_auroc(np.array([found, found]), counts(2))
    assert result.value is None
    assert result.reason == "no pair has more attention than uniform attention gives it"

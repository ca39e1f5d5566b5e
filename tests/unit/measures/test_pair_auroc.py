"""Pair AUROC: the strongest pairs among look-alikes."""

import numpy as np
import pytest

from headatlas.measure import Trace
from headatlas.measures.pair_auroc import MEASURE, mean_concordance, sums


def concordance(tokens: np.ndarray, predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    nothing = np.zeros(len(tokens))
    return sums(Trace(tokens, nothing, predicted), Trace(tokens, nothing, measured))


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
    total, pairs = concordance(tokens, predicted, measured)
    assert pairs == 1
    assert total == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_pair_auroc_of_the_truth_is_one_and_of_a_constant_one_half() -> None:
    tokens = np.array([0, 1, 2, 1, 2, 3, 1])
    measured = attention(7, {(3, 2): 0.9, (4, 1): 0.8, (6, 5): 0.7})
    truth = concordance(tokens, measured, measured)
    constant = concordance(tokens, np.zeros((7, 7)), measured)
    assert truth.tolist() == [3, 3]
    totals = np.array([truth, constant, truth + constant])
    assert mean_concordance(totals).tolist() == [1, 0.5, 0.75]
    assert MEASURE.observations(truth + constant) == 6  # n counts pairs


def test_a_rule_of_distance_alone_does_not_win_among_equal_distances() -> None:
    # The head looks back by one only at token 2; the prediction looks back by one always.
    tokens = np.array([0, 1, 2, 3, 4, 5])
    measured = attention(6, {(3, 2): 0.9})
    predicted = np.eye(6, k=-1)
    assert concordance(tokens, predicted, measured) == pytest.approx([3 / 4, 1])


def test_uniform_attention_has_no_strong_pairs() -> None:
    uniform = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
    found = concordance(np.arange(5), uniform, uniform)
    assert found.tolist() == [0, 0]
    assert np.isnan(mean_concordance(found[None])).all()
    why = "no pair has more attention than uniform attention gives it"
    assert MEASURE.why_not(found) == why

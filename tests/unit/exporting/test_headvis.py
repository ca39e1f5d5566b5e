"""Figures of HeadVis, by hand."""

import numpy as np

from headatlas.exporting.headvis import KEYS, boundaries, distance_histogram, kept


def test_the_largest_weights_of_a_query_are_kept() -> None:
    keys = np.array([[0, -1, -1], [0, 1, -1], [2, 0, 1]])
    weights = np.array([[1.0, 0.0, 0.0], [0.004, 0.996, 0.0], [0.5, 0.25, 0.25]])
    expected = [[1.0, 0.0, 0.0], [0.0, 0.996, 0.0], [0.25, 0.25, 0.5]]
    np.testing.assert_array_equal(kept(keys, weights), expected)


def test_no_more_than_so_many_are() -> None:
    size = KEYS + 4
    keys = np.tile(np.arange(size), (size, 1))
    weights = np.tile(np.arange(1, size + 1) / 100, (size, 1))
    found = kept(keys, weights)
    assert (np.count_nonzero(found, axis=1) == KEYS).all()
    assert (found[:, -KEYS:] == weights[:, -KEYS:]).all()


def test_intervals_hold_as_many_windows_each() -> None:
    largest = [n / 10 for n in range(10)]
    found = np.searchsorted(boundaries(largest), largest, side="right")
    assert np.bincount(found).tolist() == [2] * 5
    assert boundaries([]).tolist() == []


def test_attention_is_counted_by_distance() -> None:
    pattern = np.zeros((5, 5))
    pattern[1, 1], pattern[2, 1], pattern[4, 1], pattern[4, 0] = 1.0, 0.5, 0.25, 0.125
    found = distance_histogram([pattern, pattern])
    assert found == {"bin_edges": [0, 1, 2, 4, 8], "bin_values": [2.0, 1.0, 0.5, 0.25]}
    assert distance_histogram([]) == {"bin_edges": [0, 1, 2], "bin_values": [0.0, 0.0]}

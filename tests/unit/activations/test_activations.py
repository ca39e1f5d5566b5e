"""The numbers that hooks reduce activations to, on cases worked out by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headatlas.activations.attention import top_keys
from headatlas.activations.metrics import (
    after_earlier_same_token,
    earlier_same_token,
    head_metrics,
)
from headatlas.activations.norm import activation, by_head
from headatlas.activations.selection import RunningTop
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.base import SPLITS


def pattern_of(*rows: list[float]) -> torch.Tensor:
    """One window, one head."""
    return torch.tensor([[list(rows)]])


def test_same_token_masks() -> None:
    tokens = torch.tensor([[0, 7, 8, 7, 8]])
    same = earlier_same_token(tokens)[0].nonzero().tolist()
    assert same == [[3, 1], [4, 2]]
    after = after_earlier_same_token(tokens)[0].nonzero().tolist()
    assert after == [[3, 2], [4, 3]], "the key after the earlier occurrence, never a future one"


def test_metrics_of_a_small_pattern() -> None:
    # Tokens a b a; the last row: half on the first a, a quarter on b and on itself.
    pattern = pattern_of([1, 0, 0], [0.25, 0.75, 0], [0.5, 0.25, 0.25])
    delimiters = torch.tensor([[False, True, False]])
    found = head_metrics(pattern, torch.tensor([[5, 6, 5]]), delimiters)
    value = {name: found[name].item() for name in HEAD_METRICS}
    assert value["previous_token"] == pytest.approx((0.25 + 0.25) / 2)
    assert value["current_token"] == pytest.approx((0.75 + 0.25) / 2)
    assert value["duplicate_token"] == pytest.approx(0.5), "only the last query has a duplicate"
    assert value["induction"] == pytest.approx(0.25), "b followed the earlier a"
    assert value["sink"] == pytest.approx((0.25 + 0.5) / 2)
    row = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    last = -(0.5 * math.log(0.5) + 2 * 0.25 * math.log(0.25))
    assert value["entropy"] == pytest.approx((row + last) / 2)
    assert value["distance_mean"] == pytest.approx((0.25 + (0.5 * 2 + 0.25)) / 2)
    variances = [0.25 - 0.25**2, (0.5 * 4 + 0.25) - 1.25**2]
    assert value["distance_variance"] == pytest.approx(sum(variances) / 2)
    # On the delimiter: 0.75 and 0.25; available: one of two keys, then one of three.
    assert value["delimiter"] == pytest.approx((0.75 + 0.25) / 2 - (1 / 2 + 1 / 3) / 2)


def test_a_window_without_repeats_has_no_induction_score() -> None:
    found = head_metrics(
        pattern_of([1, 0], [0.5, 0.5]), torch.tensor([[1, 2]]), torch.tensor([[False, False]])
    )
    assert math.isnan(found["induction"].item())
    assert math.isnan(found["duplicate_token"].item())


def test_write_norm_is_the_norm_of_what_is_written() -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 3, 5, 4, generator=generator)
    output = torch.randn(3, 4, 16, generator=generator)
    gram = output @ output.transpose(-1, -2)
    written = torch.einsum("whqd,hdm->whqm", z, output).norm(dim=-1)
    torch.testing.assert_close(activation(z, gram, "write_norm"), written)
    torch.testing.assert_close(activation(z, gram, "z_norm"), z.norm(dim=-1))
    pairs = activation(z[[0, 1], [2, 0]], gram[[2, 0]], "write_norm")
    torch.testing.assert_close(pairs, written[[0, 1], [2, 0]])


def test_heads_come_apart_whether_or_not_the_hook_has_split_them() -> None:
    z = torch.arange(12.0).reshape(1, 2, 6)
    heads = [[[0, 1, 2], [6, 7, 8]], [[3, 4, 5], [9, 10, 11]]]
    assert by_head(z, 3).tolist() == [heads]
    assert by_head(z.reshape(1, 2, 2, 3), 3).tolist() == [heads]


def test_key_zero_is_kept_and_the_largest_of_the_others() -> None:
    rows = [[1.0, 0, 0, 0], [0.2, 0.8, 0, 0], [0.1, 0.3, 0.6, 0], [0.1, 0.2, 0.4, 0.3]]
    keys, weights = top_keys(torch.tensor([rows]), 2)
    assert keys.tolist() == [[[0, -1, -1], [0, 1, -1], [0, 2, 1], [0, 2, 3]]]
    expected = [[1.0, 0, 0], [0.2, 0.8, 0], [0.1, 0.6, 0.3], [0.1, 0.4, 0.3]]
    torch.testing.assert_close(weights, torch.tensor([expected]).half())


def test_of_equal_weights_the_earlier_keys_are_kept() -> None:
    """Also of weights that are equal only as they are stored, in half precision."""
    row = [0.1, 0.1, 0.25, 0.25, 0.25000001, 0.05]
    pattern = torch.tensor([[[1.0, 0, 0, 0, 0, 0]] * 5 + [row]])
    assert top_keys(pattern, 2)[0][0, -1].tolist() == [0, 2, 3]
    assert top_keys(pattern, 4)[0][0, -1].tolist() == [0, 2, 3, 4, 1]


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(1, 45), st.floats(0, 20))
def test_top_keys_are_those_of_a_sort(seed: int, size: int, count: int, sharpness: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(2, size, size, generator=generator) * sharpness
    future = torch.ones(size, size, dtype=torch.bool).triu(1)
    pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
    keys, weights = top_keys(pattern, count)
    rounded = pattern.half().tolist()
    for row in range(2):
        for query in range(size):
            others = range(1, size)
            ranked = sorted(others, key=lambda k: (-rounded[row][query][k], k))[:count]
            kept = [0, *(k if k <= query else -1 for k in ranked)]
            assert keys[row, query].tolist() == kept
            assert weights[row, query].tolist() == [
                rounded[row][query][k] if k >= 0 else 0 for k in kept
            ]


def test_metrics_agree_with_a_slow_count_in_double_precision() -> None:
    generator = torch.Generator().manual_seed(0)
    windows, heads, size = 2, 3, 64
    scores = 3 * torch.randn(windows, heads, size, size, generator=generator)
    future = torch.ones(size, size, dtype=torch.bool).triu(1)
    pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
    tokens = torch.randint(12, (windows, size), generator=generator)
    delimiters = tokens < 3
    found = head_metrics(pattern, tokens, delimiters)
    for window in range(windows):
        for head in range(heads):
            slow = slow_metrics(
                pattern[window, head].double().numpy(),
                tokens[window].tolist(),
                delimiters[window].tolist(),
            )
            assert list(slow) == list(HEAD_METRICS) == list(found)
            for metric in HEAD_METRICS:
                measured = found[metric][window, head].item()
                assert measured == pytest.approx(slow[metric], rel=2e-6, abs=1e-6), metric


def slow_metrics(
    pattern: np.ndarray, tokens: list[int], delimiters: list[bool]
) -> dict[str, float]:
    """One head in one window, query by query as the definitions read."""
    per_query: dict[str, list[float]] = {metric: [] for metric in HEAD_METRICS}
    for query in range(1, len(tokens)):
        row = {key: float(pattern[query, key]) for key in range(query + 1)}
        same = [k for k in range(query) if tokens[k] == tokens[query]]
        mean = sum(p * (query - k) for k, p in row.items())
        per_query["previous_token"].append(row[query - 1])
        per_query["current_token"].append(row[query])
        if same:
            per_query["duplicate_token"].append(sum(row[k] for k in same))
            per_query["induction"].append(sum(row[k + 1] for k in same))
        per_query["sink"].append(row[0])
        per_query["entropy"].append(-sum(p * math.log(p) for p in row.values() if p))
        per_query["distance_mean"].append(mean)
        per_query["distance_variance"].append(
            sum(p * (query - k - mean) ** 2 for k, p in row.items())
        )
        per_query["delimiter"].append(
            sum(p - 1 / (query + 1) for k, p in row.items() if delimiters[k])
        )
    return {metric: float(np.mean(values)) for metric, values in per_query.items()}


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=60), st.integers(1, 8))
def test_running_top_admits_whatever_ends_among_the_largest(peaks: list[float], size: int) -> None:
    top = RunningTop(1, size)
    admitted = [top.admit("train", np.array([p], np.float32))[0] for p in peaks]
    kept = sorted((p for p, ok in zip(peaks, admitted, strict=True) if ok), reverse=True)
    assert kept[:size] == sorted(peaks, reverse=True)[:size]


def test_of_equal_peaks_the_earlier_windows_enter() -> None:
    top = RunningTop(1, 2)
    peaks = np.array([[1], [2], [2], [2], [1]], np.float32)
    assert [bool(top.admit("train", p)[0]) for p in peaks] == [True, True, True, False, False]


def test_running_top_keeps_heads_and_splits_apart() -> None:
    top = RunningTop(2, 1)
    assert top.admit("train", np.array([1, 5], np.float32)).tolist() == [True, True]
    assert top.admit("train", np.array([2, 4], np.float32)).tolist() == [True, False]
    assert top.admit(SPLITS[2], np.array([0.5, 0.5], np.float32)).tolist() == [True, True]

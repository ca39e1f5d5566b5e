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
from headatlas.activations.salience import salience, value_norm
from headatlas.activations.selection import RunningTop
from headatlas.records import HEAD_METRICS, SPLITS


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
    z = torch.randn(2, 5, 3, 4, generator=generator)
    output = torch.randn(3, 4, 16, generator=generator)
    gram = output @ output.transpose(-1, -2)
    written = torch.einsum("wqhd,hdm->wqhm", z, output).norm(dim=-1)
    torch.testing.assert_close(salience(z, gram, "write_norm"), written)
    torch.testing.assert_close(salience(z, gram, "z_norm"), z.norm(dim=-1))


def test_grouped_values_serve_consecutive_heads() -> None:
    v = torch.tensor([[[[3.0], [5.0]]]])  # one window, one key, two values of width 1
    gram = torch.tensor([1.0, 4.0, 9.0, 16.0]).reshape(4, 1, 1)
    assert value_norm(v, gram, "write_norm").flatten().tolist() == [3, 6, 15, 20]


def test_key_zero_is_kept_and_the_largest_of_the_others() -> None:
    rows = [[1.0, 0, 0, 0], [0.2, 0.8, 0, 0], [0.1, 0.3, 0.6, 0], [0.1, 0.2, 0.4, 0.3]]
    keys, weights = top_keys(torch.tensor([rows]), 2)
    assert keys.tolist() == [[[0, -1, -1], [0, 1, -1], [0, 2, 1], [0, 2, 3]]]
    expected = [[1.0, 0, 0], [0.2, 0.8, 0], [0.1, 0.6, 0.3], [0.1, 0.4, 0.3]]
    torch.testing.assert_close(weights, torch.tensor([expected]))


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=60), st.integers(1, 8))
def test_running_top_admits_whatever_ends_among_the_largest(peaks: list[float], size: int) -> None:
    top = RunningTop(1, size)
    admitted = [top.admit("train", np.array([p], np.float32))[0] for p in peaks]
    kept = sorted((p for p, ok in zip(peaks, admitted, strict=True) if ok), reverse=True)
    assert kept[:size] == sorted(peaks, reverse=True)[:size]


def test_running_top_keeps_heads_and_splits_apart() -> None:
    top = RunningTop(2, 1)
    assert top.admit("train", np.array([1, 5], np.float32)).tolist() == [True, True]
    assert top.admit("train", np.array([2, 4], np.float32)).tolist() == [True, False]
    assert top.admit(SPLITS[2], np.array([0.5, 0.5], np.float32)).tolist() == [True, True]

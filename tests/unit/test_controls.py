"""Which heads are whose controls."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.controls import Head, controls_of

HEADS = [(layer, head) for layer in range(3) for head in range(4)]


@pytest.mark.parametrize(
    ("count", "within_layer", "expected"),
    [
        (0, False, []),
        (1, False, [(2, 3)]),  # half of the way around
        (3, False, [(2, 0), (2, 3), (0, 2)]),
        (1, True, [(1, 3)]),
        (9, True, [(1, 2), (1, 3), (1, 0)]),  # there are no more
    ],
)
def test_controls_stand_at_equal_steps(
    count: int, within_layer: bool, expected: list[Head]
) -> None:
    assert controls_of(HEADS, (1, 1), count, within_layer) == expected


@given(st.integers(1, 30), st.integers(0, 40))
def test_every_head_is_a_control_equally_often(heads: int, count: int) -> None:
    names = [(0, head) for head in range(heads)]
    found = {at: controls_of(names, at, count) for at in names}
    times = Counter(other for others in found.values() for other in others)
    assert set(times.values()) <= {min(count, heads - 1)}
    assert all(at not in others for at, others in found.items())
    assert all(len({*others}) == len(others) for others in found.values())

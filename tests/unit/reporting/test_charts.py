"""Colour scales, histograms and axes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas import figures
from headatlas.reporting import charts, formats

finite = st.floats(-1e6, 1e6)


def test_a_ramp_runs_through_its_stops() -> None:
    assert charts.ramp(("#000000", "#ff0000", "#ffffff"), 5) == (
        "#000000",
        "#800000",
        "#ff0000",
        "#ff8080",
        "#ffffff",
    )


def test_levels_of_a_scale() -> None:
    scale = charts.scale([0.0, 1.0, None], signed=False)
    assert (scale.low, scale.high) == (0.0, 1.0)
    assert [scale.level(v) for v in (0.0, 0.5, 1.0, 2.0, None)] == [0, 16, 31, 31, -1]


def test_a_signed_scale_is_centred_on_zero() -> None:
    scale = charts.scale([-0.5, 2.0], signed=True)
    assert (scale.low, scale.high) == (-2.0, 2.0)


@pytest.mark.parametrize("values", [[], [None], [3.0, 3.0]])
def test_a_signed_scale_of_one_value_or_none_is_a_scale(values: list[float | None]) -> None:
    scale = charts.scale(values, signed=True)
    assert scale.high > scale.low
    assert len(scale.colours) == charts.LEVELS


def test_heads_that_all_have_the_same_value_have_one_colour_and_not_a_scale() -> None:
    scale = charts.scale([3.0, None, 3.0], signed=False)
    assert (scale.low, scale.high) == (3.0, 3.0)
    assert [scale.level(v) for v in (3.0, None)] == [0, -1]
    assert len(scale.colours) == 1
    assert len(charts.scale([], signed=False).colours) == 1


def test_quantile_by_hand() -> None:
    assert charts.quantile([4.0, 1.0, 2.0], 0.5) == 2.0
    assert charts.quantile([1.0, 2.0], 0.25) == 1.25
    assert charts.quantile([], 0.5) is None


def test_histogram_by_hand() -> None:
    assert charts.histogram([-9.0, 0.0, 0.3, 0.5, 1.0, 9.0], 0.0, 1.0, 2) == [3, 3]


@given(st.lists(finite, max_size=30), st.lists(finite, max_size=30))
def test_a_panel_counts_every_value_and_holds_zero(
    values: list[float], control: list[float]
) -> None:
    panel = charts.panel(values, control)
    assert (sum(panel.score), sum(panel.control)) == (len(values), len(control))
    assert panel.low <= 0 <= panel.high
    assert panel.low < panel.high


def test_ticks_by_hand() -> None:
    assert charts.nice_ends(0.1, 0.93) == (0.0, 1.0)
    assert charts.nice_ends(-0.13, 0.88) == (-0.2, 1.0)
    assert charts.ticks(-0.2, 1.0) == [-0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


@given(finite, finite)
def test_ends_are_ticks(low: float, high: float) -> None:
    ends = charts.nice_ends(min(low, high), max(low, high))
    ticks = charts.ticks(*ends)
    assert 3 <= len(ticks) <= 12
    assert ends[0] <= min(low, high) + 1e-6 and max(low, high) - 1e-6 <= ends[1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.126, "0.13"), (-0.001, "0.00"), (-1.5, "−1.50"), (1234.5, "1,234")],
)
def test_numbers(value: float | None, shown: str) -> None:
    assert figures.number(value) == shown


def test_shares_and_intervals() -> None:
    assert [formats.percent(v) for v in (None, 0.034, 0.62)] == ["–", "3.4 %", "62 %"]
    assert figures.interval(-0.1, 0.2) == "[−0.10, 0.20]"
    assert figures.interval(None, 0.2) == ""


def test_the_curve_of_a_kernel() -> None:
    """One bin a decade down from the likeliest; what was never seen is left out."""
    tenth = math.log(10)
    curve = charts.kernel([0, 1, 4], [2 * tenth, tenth, 0.0, 0.0])
    assert [mark.label for mark in curve.marks] == ["0", "1"]
    assert [tick.label for tick in curve.ticks] == ["1", "0.1"]
    assert [mark.y for mark in curve.marks] == [curve.ticks[0].y, curve.ticks[1].y]
    steep = charts.kernel([0, 1, 4], [0.1, -100.0, 0.2, 0.3])
    assert len(steep.ticks) == 1 - charts.LEAST_ODDS
    assert steep.marks[1].y == steep.ticks[-1].y, "no lower than the least"
    assert steep.marks[2].label == "2–"

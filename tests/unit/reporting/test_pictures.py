"""The pictures at the head of a page, on figures whose places are worked out by hand."""

import math
from pathlib import Path
from typing import Any

import pytest
from claims_factory import write_claims

from headatlas.records.explanation import Behaviour
from headatlas.reporting.charts import STRIP
from headatlas.reporting.claims import read_claims
from headatlas.reporting.pictures import depends, where, writes
from headatlas.reporting.substitution import Effect


def behaviour(odds: float | None, low: float | None = None, high: float | None = None) -> Behaviour:
    return Behaviour(
        attends_to="commas", active_when="after a digit" if low else "", family="comma",
        odds=odds, odds_low=low, odds_high=high,
    )  # fmt: skip


def test_odds_are_on_a_logarithmic_axis_and_one_is_no_effect() -> None:
    found = where([behaviour(10.0, 1.0, 100.0), behaviour(None), behaviour(0.1)])
    assert found is not None and found.zero == pytest.approx(STRIP / 3)
    assert [text for _, text in found.ticks] == ["0.1", "1", "10", "100"]
    first, last = found.strips
    assert (first.low, first.value, first.high) == pytest.approx((STRIP / 3, STRIP * 2 / 3, STRIP))
    assert (first.label, first.text) == ("commas, when after a digit", "× 10.00 [1.00, 100]")
    assert (last.low, last.value, last.high) == (0, 0, 0) and last.text == "× 0.10"
    assert where([behaviour(None)]) is None


def test_odds_beyond_the_axis_stand_at_its_end() -> None:
    found = where([behaviour(1e9, 1e-9, 1e9)])
    assert found is not None and [text for _, text in found.ticks][-1] == "10000"
    assert (found.strips[0].low, found.strips[0].high) == (0, STRIP)


def test_what_it_writes_stands_beside_random_weights(tmp_path: Path) -> None:
    own, twin = write_claims(tmp_path)
    found = writes(read_claims(own, twin, "toy"), "L00H00")
    assert found is not None
    # 2.0 ± 0.25 on an axis from −0.5 to 2.5; with random weights 0.5 at most.
    first, control, *rest = found.strips
    assert (first.low, first.value, first.high) == pytest.approx((180, 200, 220))
    assert found.zero == pytest.approx(40)
    assert control.control and control.value == pytest.approx(80)
    assert len(rest) == 4 and not rest[0].control
    assert writes(None, "L00H00") is None


def effect(label: str, ratio: float, low: float | None = None, high: float | None = None) -> Effect:
    return Effect(label, 1, 3.5, ratio, low, high, 0.0, None, None, None, 8)


def test_what_is_lost_without_it_and_with_its_explanation() -> None:
    loss: dict[str, Any] = {"value": 1.0, "low": 0.5, "high": 1.5}
    replaced = {
        "explanation": effect("its explanation", math.e, 1.0, math.e),
        "off": effect("nothing", 2.0),
        "other": effect("another head's explanation", math.exp(2)),
    }
    found = depends({("mean", "loss"): loss}, replaced)
    assert found is not None and [text for _, text in found.ticks] == ["0", "0.5", "1", "1.5", "2"]
    assert [(s.label, s.value, s.control) for s in found.strips] == [
        ("without it", 120, False),
        ("with its explanation", 120, False),
        ("with another head's explanation", 240, True),
    ]
    assert (found.strips[1].low, found.strips[1].high) == (0, 120)
    assert found.strips[1].text == "1.000 [0.000, 1.000]"
    assert depends(None, None) is None

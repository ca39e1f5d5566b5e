"""Every measure is a module of its own, and is found by that alone."""

from pathlib import Path

import pytest

from headatlas import measures
from headatlas.measure import CONTROLS, LEAST, Measure, clearly_above
from headatlas.measures import MEASURES, TRANSFERRED

FOLDER = Path(measures.__file__).parent


def test_every_module_is_a_measure_of_its_name() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {measure.name for measure in MEASURES} == modules
    assert len(MEASURES) == len(modules)


def test_no_two_measures_share_a_name_or_a_place() -> None:
    names = [name for measure in MEASURES for name in measure.names]
    assert len(names) == len(set(names))
    assert len({measure.place for measure in MEASURES}) == len(MEASURES)
    assert len({measure.label for measure in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_what_a_measure_says_of_itself(measure: Measure) -> None:
    assert set(measure.controls) <= CONTROLS.keys()
    assert measure.description.endswith(".")
    assert f"{measure.chance:g} is chance" in measure.definition
    assert measure.names[0] == measure.name
    assert (measure.control in measure.names) is ("" in measure.controls)
    assert (measure.layer_margin in measure.names) is ("layer_" in measure.controls)


def test_what_is_executed_elsewhere_is_comparable() -> None:
    assert next(measure.name for measure in TRANSFERRED) == "attention_explained"
    assert all(measure.comparable for measure in TRANSFERRED)


@pytest.mark.parametrize(
    ("value", "low", "above"),
    [
        (0.3, 0.2, True),
        (0.3, -0.1, False),
        (LEAST + 0.001, LEAST, False),
        (0.002, 0.001, False),  # resolved, but next to nothing
        (0.3, None, True),
        (0.0, None, False),
        (None, None, None),
    ],
)
def test_when_a_margin_is_clearly_there(
    value: float | None, low: float | None, above: bool | None
) -> None:
    assert clearly_above(value, low) is above

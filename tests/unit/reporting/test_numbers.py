"""What is known of heads as numbers, for the map and the scatter plot."""

from pathlib import Path
from typing import Any

from claims_factory import write_claims

from headatlas.reporting.claims import read_claims
from headatlas.reporting.dependence import dependence
from headatlas.reporting.maps import colourings
from headatlas.reporting.numbers import numbers_of
from headatlas.reporting.substitution import substituted

NAMES = ["L00H00", "L00H01", "L07H07"]


def ablated(head: int, figure: str, value: float) -> dict[str, Any]:
    place = {"layer": 0, "head": head, "kind": "mean", "figure": figure, "reason": None}
    return place | {"value": value, "low": None, "high": None, "n": 4}


def replaced(which: str, variant: str, recovered: float | None) -> dict[str, Any]:
    ends = dict.fromkeys(("low", "high", "recovered_low", "recovered_high"))
    scope = "model" if variant == "own" else "head"
    of = {"scope": scope, "which": which, "variant": variant, "heads": 1, "n": 4}
    return of | {"loss": 3.5, "ratio": 1.5, "kl": 0.1, "recovered": recovered, **ends}


def test_numbers_of_heads_that_have_them(tmp_path: Path) -> None:
    claims = read_claims(*write_claims(tmp_path), "toy")
    depends = dependence([ablated(0, "loss", 0.25), ablated(1, "loss", -0.5)])
    rows = [replaced("", "own", None), replaced("L00H01", "explanation", 0.75)]
    found = {
        numbers.quantity.name: (numbers.group, numbers.values)
        for numbers in numbers_of(NAMES, claims, None, depends, substituted(rows))
    }
    assert found == {
        "lift_attended": ("What it writes", [2.0, 3.0, None]),
        "lift_after_attended": ("What it writes", [0.0, 0.0, None]),
        "lift_current": ("What it writes", [0.0, 0.0, None]),
        "ablation_loss": ("What depends on it", [0.25, -0.5, None]),
        "loss_recovered": ("What depends on it", [None, 0.75, None]),
    }
    assert list(numbers_of(NAMES, None, None, None, None)) == []


def test_a_map_of_numbers_has_them_and_one_of_names_has_none() -> None:
    depends = dependence([ablated(0, "loss", 0.123456)])
    *names, numbers = colourings([], [], [], numbers_of(["L00H00"], None, None, depends, None))
    assert [one.values for one in names] == [[], []]
    assert (numbers.group, numbers.values, numbers.texts) == (
        "What depends on it",
        [0.1235],
        ["0.12"],
    )

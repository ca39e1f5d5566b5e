"""The curve and the tables of substituted attention, in the index, the report and a head's page."""

import re
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from reporting_factory import RECIPE, RUN, write_run

from headatlas.records.substitution import SUBSTITUTION
from headatlas.reporting.atlas import build
from headatlas.reporting.substitution import HEIGHT, WIDTH, substituted
from headatlas.storage import write_rows

TEMPLATES = ROOT / "workflow/templates"


def row(scope: str, which: str, variant: str, ratio: float, recovered: float | None) -> Any:
    ends = {"low": ratio * 0.9, "high": ratio * 1.1, "recovered_low": None, "recovered_high": None}
    return {
        "scope": scope,
        "which": which,
        "heads": 2,
        "variant": variant,
        "loss": 3.5,
        "kl": 0.01,
    } | {"ratio": ratio, "recovered": recovered, "n": 8, **ends}


ROWS = [
    row("model", "", "own", 1.0, None),
    row("share", "50", "off", 10.0, None),
    row("share", "50", "explanation", 1.0, 1.0),
    row("share", "100", "explanation", 100.0, 0.5),
    row("share", "100", "off", 1000.0, None),
    row("head", "L00H01", "off", 1.25, None),
    row("head", "L00H01", "explanation", 1.0625, 0.75),
]


def test_the_curve_has_a_logarithmic_scale() -> None:
    found = substituted(ROWS)
    assert found is not None and (found.loss, found.n) == (3.5, 8)
    told, off = found.curve.lines
    assert (told.label, off.label) == ("its explanation", "nothing: the head is off")
    places = [point[:2] for point in told.points]
    assert places == [(WIDTH / 2, HEIGHT), (WIDTH, HEIGHT / 3)]  # the top is a thousand
    assert [point[:2] for point in off.points] == [(WIDTH / 2, HEIGHT * 2 / 3), (WIDTH, 0)]
    assert [value for value, _ in found.curve.ticks] == [1, 10, 100, 1000]
    assert list(found.shares[100]) == ["explanation", "off"]


@pytest.mark.parametrize(("ratio", "top"), [(1.0, 1.5), (1.6, 2), (900.0, 1000), (2e6, 1e7)])
def test_the_scale_ends_at_a_round_number(ratio: float, top: float) -> None:
    found = substituted([ROWS[0], row("share", "100", "off", ratio, None)])
    assert found is not None and found.curve.ticks[-1] == (top, 0)


def test_without_windows_there_is_nothing_to_tell() -> None:
    assert substituted([]) is None


def test_pages_tell_it_where_it_was_measured(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    write_rows(tmp_path / "substitution.parquet", ROWS, SUBSTITUTION)
    inputs = inputs._replace(substitution=tmp_path / "substitution.parquet")
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    index, report = ((tmp_path / name).read_text() for name in ("index.html", "report.md"))
    assert "its explanation, 100 %: ×100" in index and index.count("<polyline") == 2
    assert re.search(r"\| 100 % \(2\) \| 100 .*\| 1000 .*\| 0\.50", report.replace(",", ""))
    page = (tmp_path / "heads/L00H01.html").read_text()
    (section,) = re.findall(r'<section aria-labelledby="substitution">.*?</section>', page, re.S)
    assert "1.0625 [0.9563, 1.1688]" in section and ">0.75 " in section
    assert 'aria-labelledby="substitution"' not in (tmp_path / "heads/L00H00.html").read_text()


def test_pages_say_nothing_of_what_was_not_measured(tmp_path: Path) -> None:
    build(RUN, write_run(tmp_path / "run"), RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    for name in ("index.html", "report.md", "heads/L00H01.html"):
        assert "in place of" not in (tmp_path / name).read_text()

"""Flags stand on the page of a head, in the index, in the report and in the table of heads."""

from pathlib import Path

import polars as pl
import pytest
import reporting_factory as factory
from places import TEMPLATES
from reporting_factory import EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.flags import FLAGS
from headatlas.reporting.atlas import build
from headatlas.storage import write_record

FLAGGED, LABEL = "L00H01", "names no trigger"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One head's behaviour has keys at every query, so that its program alone says when."""
    folder = tmp_path_factory.mktemp("flags")
    inputs = write_run(folder / "run")
    found = factory.explanation(0, 1)
    always = found.behaviours[0].model_copy(update={"frequency": 1.0})
    changed = found.model_copy(update={"behaviours": [always]})
    write_record(folder / f"run/explanations/{FLAGGED}.json", changed)
    build(RUN, inputs, RECIPE, folder / "atlas", templates=TEMPLATES, exemplars=1)
    return folder / "atlas"


def test_the_table_of_heads_has_the_flags_of_each(atlas: Path) -> None:
    summary = pl.read_csv(atlas / "summary.csv")
    assert dict(zip(summary["name"], summary["flags"], strict=True)) == {
        name: LABEL if name == FLAGGED else None for name in EVERY_HEAD
    }


def test_the_page_of_a_head_has_the_figures_that_raise_a_flag(atlas: Path) -> None:
    pages = {name: (atlas / f"heads/{name}.html").read_text() for name in EVERY_HEAD}
    assert [name for name, page in pages.items() if f'"badge">{LABEL}<' in page] == [FLAGGED]
    assert "it writes 1.50 more where class &amp; &#39;x&#39; than the 0.10" in pages[FLAGGED]
    right = (
        "Of 6 heads built by hand that have this flag 6 are explained wrongly, of all 246 of them"
    )
    assert right in pages[FLAGGED]


def test_the_index_can_be_filtered_by_flag_and_says_how_often_one_is_right(atlas: Path) -> None:
    index = (atlas / "index.html").read_text()
    assert index.count(f'data-flag="{LABEL}"') == 1
    assert index.count('data-flag=""') == len(EVERY_HEAD) - 1
    assert 'select id="filter-flag" data-filter="flag"' in index
    assert f'data-filter="flag" data-value="{LABEL}"' in index
    for page in (index, (atlas / "report.md").read_text()):
        for flag in FLAGS:
            assert flag.label in page and f"{flag.others[0]} of {flag.others[1]}" in page

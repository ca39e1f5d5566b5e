"""What is claimed of heads in text, on pages and in tables: beside others, and nothing without."""

import re
from pathlib import Path

import polars as pl
import pytest
from claims_factory import head, write_claims
from places import ROOT
from reporting_factory import EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.records.write_claims import RunClaims
from headatlas.reporting.atlas import build
from headatlas.reporting.claims import CLAIM_COLUMNS, read_claims
from headatlas.reporting.heads import AtlasError
from headatlas.storage import write_record

TEMPLATES = ROOT / "workflow/templates"


def test_figures_stand_beside_the_median_of_heads_and_the_twin(tmp_path: Path) -> None:
    found = read_claims(*write_claims(tmp_path), "toy")
    assert found.medians == {"attended": 0.0, "after_attended": 0.0, "current": 0.0}
    assert found.largest["attended"] == 0.5
    assert found.counts == {
        "heads": 6, "claimed": 2, "held": 2, "random_heads": 2, "random_held": 1,
    }  # fmt: skip
    ((key, heads),) = found.holders
    assert key == ("raises", "attended")
    assert [head.head for head in heads] == [1, 0]  # the larger lift first


def test_the_claims_of_another_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="write claims: model is 'other', this atlas is of 'toy'"):
        read_claims(*write_claims(tmp_path, model="other"), "toy")


def test_pages_report_and_table(tmp_path: Path) -> None:
    own, twin = write_claims(tmp_path)
    inputs = write_run(tmp_path / "run")._replace(claims=own, random_claims=twin)
    out = tmp_path / "atlas"
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)

    def text(name: str) -> str:
        return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", (out / name).read_text()))

    first, second, third = (text(f"heads/{name}.html") for name in EVERY_HEAD[:3])
    assert first.count("it raises the token it attends to.") == 1, "it is told once"
    assert "lowers the current token (does not hold)" in first
    assert "2.00 [1.75, 2.25] 0.00 75 % 0.00 0.50" in first
    assert "it raises the token it attends to." in second
    assert "No clear effect on the next token" in third
    assert "<i>|" not in (out / f"heads/{EVERY_HEAD[0]}.html").read_text()
    assert "2 of 6 heads have a claim; on test documents one holds of 2." in text("index.html")
    assert "Of 2 heads with random weights one holds of 1." in text("report.md")
    assert f"{EVERY_HEAD[1]} 3.00, {EVERY_HEAD[0]} 2.00" in text("report.md")
    assert "Layer 7 is left out: no map." in text("index.html")
    rows = pl.read_csv(out / "write_claims.csv")
    assert rows["name"].to_list() == [EVERY_HEAD[0], EVERY_HEAD[0], EVERY_HEAD[1]]
    assert rows["holds"].to_list() == [True, False, True]
    assert rows["queries"].dtype == pl.Int64
    assert "Claimed is a lift of 0.8" in text("report.md")
    assert "that 2 in a hundred heads with random maps would pass" in text("report.md")


def test_where_nothing_is_claimed_the_table_has_its_columns(tmp_path: Path) -> None:
    record = RunClaims(
        model="toy", corpus="hostile", reasons={}, heads=[head(name) for name in EVERY_HEAD]
    )
    write_record(tmp_path / "none.json", record)
    inputs = write_run(tmp_path / "run")._replace(claims=tmp_path / "none.json")
    out = tmp_path / "atlas"
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)
    assert pl.read_csv(out / "write_claims.csv").columns == list(CLAIM_COLUMNS)


def test_without_claims_nothing_is_said(tmp_path: Path) -> None:
    out = tmp_path / "atlas"
    build(RUN, write_run(tmp_path / "run"), RECIPE, out, templates=TEMPLATES, exemplars=1)
    assert "in text" not in (out / "report.md").read_text()
    assert not (out / "write_claims.csv").exists()

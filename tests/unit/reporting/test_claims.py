"""What is claimed of heads in text, on pages and in tables: beside others, and nothing without."""

import re
from pathlib import Path

import polars as pl
import pytest
from places import ROOT
from reporting_factory import EVERY_HEAD, RECIPE, RUN, write_run

from headatlas.names import parse_head
from headatlas.records.direct import OBJECTS, HeadClaims, Lift, RunClaims, WriteClaim
from headatlas.reporting.atlas import build
from headatlas.reporting.claims import read_claims
from headatlas.reporting.tables import AtlasError
from headatlas.storage import write_record

TEMPLATES = ROOT / "workflow/templates"
EVIL = "<i>|`x`"


def lift(value: float, half: float = 0.25) -> Lift:
    return Lift(value=value, low=value - half, high=value + half, n=8)


def claim(effect: str, name: str, value: float) -> WriteClaim:
    test = lift(value)
    return WriteClaim(effect=effect, object=name, chosen=1.0, test=test, extreme=0.75,
                      random=lift(0.0), holds=value > 0.25)  # fmt: skip


def head(name: str, *claims: WriteClaim, attended: float = 0.0) -> HeadClaims:
    layer, number = parse_head(name)
    lifts = dict.fromkeys(OBJECTS, lift(0.0)) | {"attended": lift(attended)}
    return HeadClaims(layer=layer, head=number, claims=list(claims), lifts=lifts, raised=[EVIL],
                      lowered=[])  # fmt: skip


def written(folder: Path, *, model: str = "toy") -> tuple[Path, Path]:
    first, second, *rest = EVERY_HEAD
    claims = [claim("raises", "attended", 2.0), claim("lowers", "current", 0.125)]
    heads = [head(first, *claims, attended=2.0), head(second, claim("raises", "attended", 3.0),
             attended=3.0), *map(head, rest)]  # fmt: skip
    twin = [head(first, attended=-0.5), head(second, claim("raises", "current", 1.0))]
    for name, own in (("own", heads), ("twin", twin)):
        record = RunClaims(model=model, corpus="hostile", reasons={7: "no map"}, heads=own)
        write_record(folder / f"{name}.json", record)
    return folder / "own.json", folder / "twin.json"


def test_figures_stand_beside_the_median_of_heads_and_the_twin(tmp_path: Path) -> None:
    found = read_claims(*written(tmp_path), "toy")
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
        read_claims(*written(tmp_path, model="other"), "toy")


def test_pages_report_and_table(tmp_path: Path) -> None:
    own, twin = written(tmp_path)
    inputs = write_run(tmp_path / "run")._replace(claims=own, random_claims=twin)
    out = tmp_path / "atlas"
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)

    def text(name: str) -> str:
        return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", (out / name).read_text()))

    first, second, third = (text(f"heads/{name}.html") for name in EVERY_HEAD[:3])
    assert "it raises the token it attends to and lowers the current token ." in first
    assert "lowers the current token (does not hold)" in first
    assert "2.00 [1.75, 2.25] 0.00 75 % 0.00 0.50" in first
    assert "it raises the token it attends to ." in second
    assert "No clear effect of its own" in third
    assert "<i>|" not in (out / f"heads/{EVERY_HEAD[0]}.html").read_text()
    assert "2 of 6 heads have a claim; on test documents one holds of 2." in text("index.html")
    assert "Of 2 heads with random weights one holds of 1." in text("report.md")
    assert f"{EVERY_HEAD[1]} 3.00, {EVERY_HEAD[0]} 2.00" in text("report.md")
    assert "Layer 7 is left out: no map." in text("index.html")
    rows = pl.read_csv(out / "write_claims.csv")
    assert rows["name"].to_list() == [EVERY_HEAD[0], EVERY_HEAD[0], EVERY_HEAD[1]]
    assert rows["holds"].to_list() == [True, False, True]


def test_without_claims_nothing_is_said(tmp_path: Path) -> None:
    out = tmp_path / "atlas"
    build(RUN, write_run(tmp_path / "run"), RECIPE, out, templates=TEMPLATES, exemplars=1)
    assert "in text" not in (out / "report.md").read_text()
    assert not (out / "write_claims.csv").exists()

"""Claims on what heads write, model beside model and twin, and in matched heads, by hand."""

import csv
from pathlib import Path

import pytest
from claims_factory import claim, head
from comparison_factory import HEADS, directions, write_sweep
from places import TEMPLATES

from headatlas.clustering import points
from headatlas.comparison.build import Sampling, build
from headatlas.comparison.claims import agreement_rows, read_claims
from headatlas.records.base import RANDOM, head_name
from headatlas.records.write_claims import RunClaims, WriteClaim
from headatlas.settings.clustering import Clustering
from headatlas.storage import write_record

RAISES, LOWERS = claim("raises", "attended", 2.0), claim("lowers", "attended", 2.0)
FALSE = claim("lowers", "current", 0.125)
# Matched by behaviour are big L00H00 and small L00H00, and big L01H00 and small L00H01, from the
# side of big; from that of small, L00H00 and big L00H00, and L00H01 and big L01H01.
HELD: dict[str, dict[str, list[WriteClaim]]] = {
    "big": {"L00H00": [RAISES, FALSE], "L01H00": [RAISES], "L00H01": [FALSE]},
    "small": {"L00H00": [RAISES], "L00H01": [LOWERS]},
    f"big{RANDOM}": {"L00H00": [LOWERS]},
}


def write(folder: Path, corpus: str) -> list[Path]:
    paths = []
    for model, held in HELD.items():
        names = [head_name(*at) for at in HEADS[model.removesuffix(RANDOM)]]
        heads = [head(name, *held.get(name, [])) for name in names]
        paths.append(folder / f"{model}-{corpus}.json")
        write_record(paths[-1], RunClaims(model=model, corpus=corpus, reasons={}, heads=heads))
    return paths


def match(
    other: tuple[int, int], similarity: float = 0.9, mutual: bool = True
) -> dict[str, object]:
    found = {"other_layer": other[0], "other_head": other[1], "similarity": similarity}
    return {**found, "null95": 0.5, "mutual": mutual}


def test_matched_heads_are_held_against_all_heads_of_the_other_model(tmp_path: Path) -> None:
    claims = read_claims(write(tmp_path, "code"))
    matches = {
        ("code", "big", "small"): {
            (0, 0): match((0, 0)),  # both raise
            (1, 0): match((0, 1)),  # one lowers
            (0, 1): match((0, 0)),  # of no claim that holds
        },
        ("code", "small", "big"): {
            (0, 0): match((0, 0), similarity=0.5),  # as chance may have it
            (0, 1): match((0, 0), mutual=False),
        },
        ("prose", "big", "small"): {(0, 0): match((0, 0))},  # of which no claims are known
    }
    rows = {(r["model"], r["measure"]): r for r in agreement_rows(claims, matches, 100, 0)}
    assert len(rows) == 6
    assert [rows["big", m]["value"] for m in ("matched", "chance", "difference")] == [0.5, 0.5, 0]
    assert rows["big", "matched"]["n"] == 2
    assert rows["small", "matched"]["value"] is None and rows["small", "matched"]["n"] == 0


def test_tables_page_and_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "embed", directions)
    inputs = write_sweep(tmp_path / "runs")
    claims = write(tmp_path, "code")
    out = tmp_path / "comparison"
    clusterings = {"minilm": Clustering(encoder="compass")}
    inputs = inputs._replace(claims=claims)
    build(inputs, clusterings, Sampling(100, 0), out, title="x", templates=TEMPLATES)

    with (out / "claims.csv").open(newline="") as file:
        shares = {
            (r["model"], r["corpus"], r["effect"], r["object"]): r for r in csv.DictReader(file)
        }
    assert len(shares) == 2 * 7, "six claims and any, of two models on one corpus"
    whole = shares["big", "code", "any", "any"]
    assert (whole["heads"], whole["held"], whole["share"]) == ("4", "2", "0.5")
    assert (whole["random_heads"], whole["random_held"]) == ("4", "1")
    assert shares["big", "code", "raises", "attended"]["random_held"] == "0"
    assert shares["small", "code", "lowers", "attended"]["random_heads"] == "0"
    page, report = ((out / name).read_text() for name in ("index.html", "report.md"))
    assert "Do heads that behave alike write the same?" in page
    assert "random 1 of 4" in page and "random 1 of 4" in report
    assert "| big | small | code | 2 | 50 % " in report

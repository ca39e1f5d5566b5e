"""What heads write, on pages and in tables: every figure beside others', and nothing without."""

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from places import ROOT
from reporting_factory import RECIPE, RUN, write_run

from headatlas.records.writing import (
    HeadWriting,
    LayerWriting,
    RelationPairs,
    RelationShare,
    StrongSource,
)
from headatlas.reporting.atlas import build
from headatlas.reporting.heads import AtlasError
from headatlas.reporting.writing import relation_rows, written
from headatlas.statistics.proportion import wilson
from headatlas.storage import write_record

TEMPLATES = ROOT / "workflow/templates"
EVIL = "<i>|`x`"


def share(name: str, effect: str, found: int, shuffled: float | None) -> RelationShare:
    low, high = wilson(found, 20)
    return RelationShare(
        relation=name,
        effect=effect,
        found=found,
        share=found / 20,
        low=low,
        high=high,
        shuffled=shuffled,
    )


def layer(number: int, heads: Sequence[HeadWriting], model: str = "toy") -> LayerWriting:
    pairs = [RelationPairs(name=EVIL, pairs=20, listed=25, own=True)]
    pairs += [RelationPairs(name="few", pairs=2, listed=9, own=False, left_out="fewer than 5")]
    return LayerWriting(
        model=model,
        layer=number,
        reason=None if heads else "its values are made by another map",
        first_mlp=number > 0,
        top=10,
        tokens=100,
        relations=pairs,
        heads=heads,
    )


def head(number: int, copying: float, raised: int, shuffled: float | None = 0.0) -> HeadWriting:
    source = StrongSource(token=1, piece=" two", strength=2.0, raised=[EVIL, "\n"], lowered=["="])
    return HeadWriting(
        head=number,
        copying=copying,
        relations=[share(EVIL, "raises", raised, shuffled), share(EVIL, "lowers", 0, 0.0)],
        sources=[source],
    )


LAYERS = [layer(0, [head(0, 0.5, 12), head(1, -0.25, 0), head(2, 0.0, 1)]), layer(1, [])]
TWIN = [layer(0, [head(0, 0.125, 2), head(2, -0.125, 0)], "toy+random")]


def test_figures_stand_beside_the_median_of_heads_and_the_twin() -> None:
    found = written(LAYERS, TWIN, "toy")
    assert found is not None
    relation = found.heads["L00H00"].relations[0]
    assert relation.beside == (0.05, 0.6, 0.05, 0.1)
    assert (found.copying, found.twin) == ([-0.25, 0.0, 0.5], [-0.125, 0.125])
    assert found.reasons == {1: "its values are made by another map"}
    assert [(key, [name for name, _ in heads]) for key, heads in found.holders] == [
        ((EVIL, "raises"), ["L00H00"])
    ]
    rows = list(relation_rows(found, ["L00H00", "L01H00"]))
    assert [(row["effect"], row["told"]) for row in rows] == [("raises", True), ("lowers", False)]


@pytest.mark.parametrize(
    ("raised", "shuffled", "twin", "told"),
    [
        (12, 0.0, 0, True),
        (2, 0.0, 0, False),  # of 20 pairs: not worth a sentence
        (12, 0.5, 0, False),  # as much for other pairs' targets
        (12, 0.0, 12, False),  # as much with random weights
        (20, None, 0, True),  # no other pairs
    ],
)
def test_told_is_what_is_clearly_above_chance(
    raised: int, shuffled: float | None, twin: int, told: bool
) -> None:
    heads = [layer(0, [head(0, 0.0, raised, shuffled)])]
    found = written(heads, [layer(0, [head(0, 0.0, twin)], "toy+random")], "toy")
    assert found is not None
    assert bool(found.heads["L00H00"].told) is told


def test_without_layers_there_is_nothing_to_tell_and_those_of_another_model_are_refused() -> None:
    assert written([], [], "toy") is None
    with pytest.raises(AtlasError, match="weights: model is 'toy', this atlas is of 'other'"):
        written(LAYERS, [], "other")


def test_pages_report_and_tables(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    for record in LAYERS:
        write_record(tmp_path / f"weights/layer{record.layer:02d}.json", record)
    write_record(tmp_path / "twin/layer00.json", TWIN[0])
    inputs = inputs._replace(weights=[tmp_path / "weights"], random_weights=[tmp_path / "twin"])
    out = tmp_path / "atlas"
    build(RUN, inputs, RECIPE, out, templates=TEMPLATES, exemplars=1)

    page = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", (out / "heads/L00H00.html").read_text()))
    assert "What it writes, from its weights" in page
    assert "it raises the &lt;i&gt;|`x` (12 of 20 pairs)." in page
    assert "raises 0.60 [0.39, 0.78] 0.00 0.05 0.10" in page
    assert "Copying score 0.50 ; of all heads −0.25 to 0.50" in page.replace("0.50;", "0.50 ;")
    other = (out / "heads/L00H01.html").read_text()
    assert "Of 1 relations between words" in other and "Copying score −0.25" in other
    assert "What it writes, from its weights" not in (out / "heads/L01H00.html").read_text()

    index = (out / "index.html").read_text()
    assert 'href="relations.csv"' in index and "<i>|" not in index
    assert "Layer 1 is left out: its values are made by another map." in index
    assert "Not asked: <bdi>few</bdi> (fewer than 5)." in index
    report = (out / "report.md").read_text()
    assert "## What heads write, from the weights" in report and "L00H00 0.60" in report

    rows = pl.read_csv(out / "relations.csv")
    assert rows.height == 2 * 3 and rows.filter(pl.col("told"))["name"].to_list() == ["L00H00"]
    summary = pl.read_csv(out / "summary.csv")
    assert summary["copying_of_weights"].to_list()[:4] == [0.5, -0.25, 0.0, None]

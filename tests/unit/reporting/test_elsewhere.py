"""How an explanation does on other corpora, on the page of its head."""

from pathlib import Path

from places import TEMPLATES
from reporting_factory import RECIPE, RUN, write_run

from headatlas.records.transfers import TRANSFERS
from headatlas.reporting.atlas import build
from headatlas.reporting.elsewhere import elsewhere_row, of_head, read_transfers
from headatlas.storage import write_rows

FIGURES = {
    "attention_explained": 0.625,
    "attention_explained_position_control": 0.5,
    "attention_explained_position_margin": 0.125,
    "active_queries": 40.0,
}


def write_transfers(folder: Path, other: str, holds: float | None) -> Path:
    """Of head L00H01 on another corpus."""
    about = {"model": RUN.model, "corpus": RUN.corpus, "explainer": RUN.explainer, "other": other}
    rows = [
        {**about, "layer": 0, "head": 1, "metric": metric, "value": value, "n": 40}
        | {"low": None, "high": None, "reason": "<b>too few</b>" if value is None else None}
        for metric, value in {**FIGURES, "holds": holds}.items()
    ]
    write_rows(folder / f"{other}.parquet", rows, TRANSFERS)
    return folder / f"{other}.parquet"


def test_verdicts_and_figures_stand_on_the_page_of_the_head_alone(tmp_path: Path) -> None:
    verdicts = {"prose": 1.0, "code": 0.0, "lists": None}
    files = [write_transfers(tmp_path, other, holds) for other, holds in verdicts.items()]
    inputs = write_run(tmp_path / "run")._replace(transfers=files)
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    page = (tmp_path / "heads/L00H01.html").read_text()
    for verdict in ("holds on <bdi>prose", "does not hold on <bdi>code", "not known on <bdi>lists"):
        assert f'<a class="badge" href="#elsewhere">{verdict}</bdi></a>' in page
    assert "&lt;b&gt;too few&lt;/b&gt;" in page and "<b>too few" not in page
    assert '0.62 <span class="control">0.12 </span></td><td class="number">0.50</td>' in page
    assert "On other corpora" in page
    assert "On other corpora" not in (tmp_path / "heads/L00H00.html").read_text()


def test_rows_are_in_the_order_of_the_corpora_and_say_what_was_not_measured(tmp_path: Path) -> None:
    files = [write_transfers(tmp_path, other, 1.0) for other in ("prose", "code")]
    transfers = read_transfers(files)
    found = of_head(transfers, (0, 1))
    assert [elsewhere.other for elsewhere in found] == ["code", "prose"]
    assert of_head(transfers, (0, 0)) == []
    row = elsewhere_row(found[0])
    assert (row["verdict"], row["active_queries"], row["attention_explained"]) == (
        "holds",
        40,
        0.625,
    )
    assert found[0].score("iou").reason == "not measured" and row["iou"] is None

"""What people say of explanations, in the report and on the index."""

from pathlib import Path
from typing import Any

from places import TEMPLATES
from reporting_factory import RECIPE, RUN, write_run

from headatlas.records.ratings import RATING_SCORES
from headatlas.reporting.atlas import build
from headatlas.reporting.rated import FIGURES, rated
from headatlas.storage import write_rows


def row(
    raters: str, measure: str, value: float | None, metric: str | None = None
) -> dict[str, Any]:
    named = {"model": "toy", "corpus": "hostile", "explainer": "symbolic", "round": 1}
    low, high = (None, None) if value is None else (value - 0.5, value + 0.5)
    about = {"raters": raters, "measure": measure, "metric": metric}
    return {**named, **about, "value": value, "low": low, "high": high, "n": 7, "reason": None}


OF_RATERS = ("catches_found", "repeats_apart")
ROWS = [
    *(row(group, name, 3.25) for group in ("all", "trusted", "1", "2") for name in FIGURES),
    *(row(rater, name, 0.75) for rater in ("1", "2") for name in OF_RATERS),
    row("1", "trusted", 1.0),
    row("2", "trusted", 0.0),
    row("all", "spearman", 0.125, "attention_gain"),
    row("trusted", "spearman", None, "attention_gain"),
]


def test_raters_and_groups_are_told_apart() -> None:
    found = rated(ROWS)
    assert found is not None and found.trusted == 1
    assert [rater.number for rater in found.raters] == ["1", "2"]
    assert set(found.figures) == {"all", "trusted"}
    ((label, groups),) = found.beside
    assert label == "Gain over even attention" and groups["all"]["value"] == 0.125


def test_nobody_rated() -> None:
    assert rated([]) is None


def test_pages_tell_it_where_people_rated(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    write_rows(tmp_path / "figures.parquet", ROWS, RATING_SCORES)
    inputs = inputs._replace(rated=tmp_path / "figures.parquet")
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    index, report = ((tmp_path / name).read_text() for name in ("index.html", "report.md"))
    assert "1 of 2 raters can be trusted" in index and "1 of 2 raters can be trusted" in report
    assert "| Agreement of raters (Krippendorff's alpha) | 3.25 \\[2.75, 3.75\\] |" in report
    assert "| rank correlation with: Gain over even attention | 0.12 " in report
    assert "| 2 | no | 0.75 " in report
    assert (tmp_path / "ratings.csv").read_text().count("\n") == len(ROWS) + 1


def test_pages_say_nothing_where_nobody_rated(tmp_path: Path) -> None:
    build(RUN, write_run(tmp_path / "run"), RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    for name in ("index.html", "report.md"):
        assert "What people say" not in (tmp_path / name).read_text()
    assert not (tmp_path / "ratings.csv").exists()

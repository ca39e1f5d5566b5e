"""What the pages tell of what depends on heads, by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from places import TEMPLATES
from reporting_factory import RECIPE, RUN, write_run

from headatlas.names import parse_head
from headatlas.records.clusters import Cluster, Clusters
from headatlas.records.effects import EFFECTS
from headatlas.records.family_effects import FAMILY_EFFECTS
from headatlas.reporting.atlas import build
from headatlas.reporting.dependence import WIDTH, dependence, misleading
from headatlas.reporting.together import together
from headatlas.statistics.spearman import spearman
from headatlas.storage import read_record, write_rows


def row(head: int, figure: str, value: float, half: float = 0.5) -> dict[str, Any]:
    return {
        "layer": 0,
        "head": head,
        "kind": "mean",
        "figure": figure,
        "value": value,
        "low": value - half,
        "high": value + half,
        "n": 4,
        "reason": None,
    }


ROWS = [
    row(0, "loss", 1.0),
    row(0, "direct", 3.0),
    row(0, "estimate", 1.0),
    row(1, "loss", 3.0),
    row(1, "direct", -0.1),
    row(1, "estimate", 5.0),
    row(2, "loss", -0.25),
    row(2, "direct", 2.0),
    row(2, "estimate", 0.5),
]


def test_heads_on_which_most_depends_come_first() -> None:
    found = dependence([*ROWS, row(3, "estimate", 9.0)])
    assert found is not None and found.n == 4
    assert [name for name, _, _ in found.top] == ["L00H01", "L00H00", "L00H02"]
    assert len(found.ablated) == 3, "what is estimated alone is not ranked"
    first, last = found.top[0][2], found.top[-1][2]
    assert (first.high, last.low) == (WIDTH, 0)
    assert first.zero == last.zero == pytest.approx(WIDTH * 0.75 / 4.25, abs=0.1)
    assert found.agreement is not None and found.agreement.value == 1
    assert dependence([]) is None and dependence([row(3, "estimate", 9.0)]) is None


def test_rank_correlation_by_hand() -> None:
    values = np.array([[[1.0, 10], [2, 30], [3, 20]], [[1, 1], [1, 2], [1, 3]]])
    first, second = spearman(values)
    assert first == pytest.approx(0.5) and np.isnan(second)
    tied = np.array([[[1.0, 1], [1, 1], [2, 5]]])
    assert spearman(tied)[0] == pytest.approx(1)


def test_a_direct_effect_that_would_mislead_is_warned_of() -> None:
    found = dependence(ROWS)
    assert found is not None
    assert "less than half" in str(misleading(found.ablated["L00H00"]))
    assert "works through later layers" in str(misleading(found.ablated["L00H01"]))
    assert "make up for it, or undo" in str(misleading(found.ablated["L00H02"]))
    turned = dependence([row(0, "loss", -2.0), row(0, "direct", 2.0)])
    assert turned is not None and "opposite sign" in str(misleading(turned.ablated["L00H00"]))


@pytest.mark.parametrize(
    ("direct", "loss", "warning"),
    [
        (2.0, 0.9, "less than half of its direct effect"),
        (2.0, 1.1, None),
        (1.1, 2.0, None),
        (0.9, 2.0, "mostly through later layers"),
        (2.0, 0.0004, "make up for it, or undo"),
        (0.0004, 0.0001, None),
    ],
)
def test_it_is_warned_of_by_its_share_of_the_whole(
    direct: float, loss: float, warning: str | None
) -> None:
    found = dependence([row(0, "loss", loss, 0.0), row(0, "direct", direct, 0.0)])
    assert found is not None
    said = misleading(found.ablated["L00H00"])
    assert said is None if warning is None else warning in str(said)


def test_pages_tell_it_where_it_was_measured(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    build(RUN, inputs, RECIPE, tmp_path / "without", templates=TEMPLATES, exemplars=2)
    write_rows(tmp_path / "effects.parquet", ROWS, EFFECTS)
    inputs = inputs._replace(effects=tmp_path / "effects.parquet")
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    index, report = ((tmp_path / name).read_text() for name in ("index.html", "report.md"))
    assert "3 heads were ablated on 4 test windows" in index and "3.000 [2.500, 3.500]" in index
    assert "| L00H01 |" in report and "Rank correlation" in report
    page = (tmp_path / "heads/L00H02.html").read_text()
    assert "What depends on it" in page and "make up for it, or undo" in page
    other = (tmp_path / "heads/L01H00.html").read_text()
    assert 'id="depends"' not in other and "not among the heads that were ablated" in other
    assert len((tmp_path / "effects.csv").read_text().splitlines()) == 1 + len(ROWS)
    assert not (tmp_path / "without/effects.csv").exists()
    assert "What depends on" not in (tmp_path / "without/index.html").read_text()


def test_clusters_ablated_together_are_told_beside_random_heads(tmp_path: Path) -> None:
    inputs = write_run(tmp_path / "run")
    (first, *_) = read_record(inputs.clusters, Clusters).clusters
    about = {"cluster": first.cluster, "heads": len(first.heads), "reason": None}
    families = [
        about | {"figure": "loss", "value": 1.5, "low": 1.0, "high": 2.0, "n": 4},
        about | {"figure": "random", "value": 0.25, "low": 0.125, "high": 0.5, "n": 5},
        about | {"figure": "difference", "value": 1.25, "low": 0.75, "high": 1.75, "n": 5},
    ]
    write_rows(tmp_path / "families.parquet", families, FAMILY_EFFECTS)
    places = [parse_head(name) for name in first.heads]
    single = [row(0, "loss", 0.5) | {"layer": layer, "head": head} for layer, head in places]
    write_rows(tmp_path / "effects.parquet", single, EFFECTS)
    inputs = inputs._replace(
        effects=tmp_path / "effects.parquet", family_effects=tmp_path / "families.parquet"
    )
    build(RUN, inputs, RECIPE, tmp_path, templates=TEMPLATES, exemplars=2)
    for name in ("index.html", "report.md"):
        text = (tmp_path / name).read_text().replace("\\", "")
        assert "ablated together" in text and "1.500 [1.000, 2.000]" in text
        assert "0.250 [0.125, 0.500]" in text and "1.250 [0.750, 1.750]" in text
        assert f"{0.5 * len(places):.3f}" in text, "one by one"
    assert len((tmp_path / "family_effects.csv").read_text().splitlines()) == 4


def test_one_by_one_is_unknown_where_a_head_was_not_ablated() -> None:
    clusters = Clusters(
        model="m", corpus="c", explainer="e", clustering="k", unclustered=[], unexplained=[],
        clusters=[
            Cluster(cluster=n, heads=heads, medoid=heads[0], label="", terms=[], agreement=1.0,
                    specificity=1.0, coverage=0.5)
            for n, heads in ((3, ["L00H00", "L00H01"]), (5, ["L00H02", "L00H07"]))
        ],
    )  # fmt: skip
    rows = [
        {"cluster": n, "figure": figure, "value": n}
        for n in (3, 5)
        for figure in ("loss", "random", "difference")
    ]
    found = together(rows, clusters, dependence(ROWS))
    assert list(found) == [5, 3], "the largest loss first"
    assert found[3].alone == 4.0 and found[5].alone is None

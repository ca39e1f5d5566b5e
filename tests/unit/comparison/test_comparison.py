"""The comparison of an invented sweep: its tables by hand, its page and report as they look.

The page and the report are compared with the files in `tests/golden/`. After a wanted change, look
at them, then write them anew with
`UPDATE_GOLDEN=1 pytest tests/unit/comparison/test_comparison.py`.
"""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from comparison_factory import ATTACK, directions, explanation, write_sweep
from golden_files import expect_golden
from hypothesis import given
from hypothesis import strategies as st
from places import TEMPLATES

from headatlas.clustering import points
from headatlas.comparison import wording
from headatlas.comparison.build import Inputs, Sampling, build
from headatlas.comparison.counterparts import read_matches
from headatlas.comparison.plots import by_size
from headatlas.comparison.quality import over_heads
from headatlas.comparison.statistics import CHANGE, average, cohen_kappa, pearson
from headatlas.comparison.sweep import read_sweep
from headatlas.comparison.universality import table, universal_and_specific
from headatlas.errors import InputError
from headatlas.intervals import resampled
from headatlas.records.comparison import COUNTERPARTS, SharedFamilies
from headatlas.records.ratings import RATING_SCORES
from headatlas.settings.clustering import Clustering
from headatlas.storage import read_record, read_table, write_rows


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return write_sweep(tmp_path_factory.mktemp("sweep"))


def compare(inputs: Inputs, out: Path, **settings: str) -> Path:
    clusterings = {"minilm": Clustering(encoder="compass", **settings)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "embed", directions)
        build(inputs, clusterings, Sampling(200, 0), out, title="Atlas of <x>", templates=TEMPLATES)
    return out


@pytest.fixture(scope="module")
def comparison(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compare(inputs, tmp_path_factory.mktemp("comparison"))


def rows(comparison: Path, name: str, **wanted: object) -> list[dict[str, str]]:
    with (comparison / name).open(newline="") as file:
        found = list(csv.DictReader(file))
    return [row for row in found if all(row[key] == str(value) for key, value in wanted.items())]


def value(comparison: Path, name: str, **wanted: object) -> float:
    (row,) = rows(comparison, name, **wanted)
    return float(row["value"])


@pytest.mark.parametrize("name", ["index.html", "holding.html", "report.md"])
def test_golden(comparison: Path, name: str) -> None:
    expect_golden(f"comparison_{name}", (comparison / name).read_bytes().decode())


def test_hostile_text_is_shown_and_harmless(comparison: Path) -> None:
    names = ("index.html", "holding.html", "report.md")
    page, heads, report = ((comparison / name).read_text() for name in names)
    assert all("&lt;script&gt;alert(1)" in text and "U+202E" in text for text in (page, heads))
    for text in (page, heads, report):
        assert "<script" not in text and "\u202e" not in text
    assert "script-src 'none'" in page


def test_the_order_of_the_runs_changes_nothing_but_their_order(
    inputs: Inputs, comparison: Path, tmp_path: Path
) -> None:
    turned = compare(Inputs(*(paths[::-1] for paths in inputs)), tmp_path)
    for name in ("quality.csv", "universality.csv"):
        assert sorted((turned / name).read_text()) == sorted((comparison / name).read_text())


def test_runs_stand_in_the_order_of_the_models_sizes(comparison: Path) -> None:
    assert [
        tuple(row[name] for name in ("model", "corpus", "with_explanation", "explained"))
        for row in rows(comparison, "runs.csv")
    ] == [
        ("small", "code", "2", "0"),
        ("small", "prose", "2", "0"),
        ("big", "code", "3", "2"),
        ("big", "prose", "3", "1"),
    ]


def test_the_runs_count_as_explained_what_the_quality_does(comparison: Path) -> None:
    for run in rows(comparison, "runs.csv"):
        about = {"model": run["model"], "corpus": run["corpus"], "depth_from": 0, "depth_to": 1}
        for name in ("explained", "not_compared", "with_explanation"):
            share = value(comparison, "quality.csv", metric=name, **about)
            assert share * int(run["heads"]) == pytest.approx(int(run[name])), (name, run)


def test_quality_is_the_median_over_heads_and_shares_are_of_all_heads(comparison: Path) -> None:
    whole = {"model": "big", "corpus": "code", "depth_from": 0, "depth_to": 1}
    # 0.8, 0.7, 0.6 and a head without an explanation
    assert value(comparison, "quality.csv", metric="attention_gain", **whole) == 0.7
    assert value(comparison, "quality.csv", metric="with_explanation", **whole) == 0.75
    # margins 0.3, 0.2, 0.1, whose intervals begin 0.15 lower
    assert value(comparison, "quality.csv", metric="explained", **whole) == 0.5
    assert value(comparison, "quality.csv", metric="not_compared", **whole) == 0
    # layers 0 and 1 of 2 are in the second and the last quarter
    deep = {"model": "big", "corpus": "code", "metric": "attention_gain"}
    assert value(comparison, "quality.csv", depth_from=0.25, **deep) == 0.75
    assert value(comparison, "quality.csv", depth_from=0.75, **deep) == 0.6
    assert not rows(comparison, "quality.csv", depth_from=0.5, **deep)


def test_corpora_are_compared_on_the_same_heads(comparison: Path) -> None:
    (row,) = rows(comparison, "differences.csv", model="big", metric="attention_gain")
    assert (row["compared"], row["within"]) == ("corpora", "symbolic")
    assert (row["first"], row["second"], row["n"]) == ("code", "prose", "3")
    # every head loses 0.1, so every resample does
    assert [float(row[key]) for key in ("value", "low", "high")] == [-0.1, -0.1, -0.1]


def test_counterparts_by_behaviour_and_by_explanation(comparison: Path) -> None:
    found = read_table(comparison / "counterparts.parquet", COUNTERPARTS).to_pylist()
    code = {
        (row["model"], row["layer"], row["head"]): row for row in found if row["corpus"] == "code"
    }
    assert len(code) == 6
    first = code["big", 0, 0]
    assert (first["matched_head"], first["matched"], first["matched_cosine"]) == ("L00H00", True, 1)
    assert (first["alike_head"], first["alike"]) == ("L00H00", True)
    assert first["shuffled_cosine"] == pytest.approx((1 + np.cos(np.radians(160))) / 2, abs=1e-6)
    lone = code["big", 0, 1]
    assert (lone["matched"], lone["alike"]) == (False, False)
    unexplained = code["big", 1, 1]
    assert (unexplained["matched"], unexplained["alike"]) == (False, None)
    # matched with a head that has no explanation
    assert code["small", 0, 1]["matched"] and code["small", 0, 1]["matched_cosine"] is None


def test_universal_and_specific_heads_beside_chance(comparison: Path) -> None:
    big = {"model": "big", "corpus": "code"}
    (by_behaviour,) = rows(comparison, "universality.csv", by="behaviour", **big)
    assert [by_behaviour[key] for key in ("others", "heads", "universal", "specific")] == [
        *("1", "4", "2", "2")
    ]
    assert float(by_behaviour["universal_expected"]) == pytest.approx(4 * 0.05)
    assert float(by_behaviour["specific_expected"]) == pytest.approx(4 * 0.95)
    (by_explanation,) = rows(comparison, "universality.csv", by="explanation", **big)
    assert [by_explanation[key] for key in ("heads", "universal", "specific")] == ["3", "2", "1"]


def test_explanations_of_matched_heads_against_random_ones(comparison: Path) -> None:
    big = {"model": "big", "corpus": "code"}
    assert value(comparison, "agreement.csv", measure="cosine", **big) == 1
    # previous and repeat, each beside both heads of the small model
    chance = (1 + np.cos(np.radians(160))) / 2
    assert value(comparison, "agreement.csv", measure="shuffled", **big) == pytest.approx(
        chance, abs=1e-6
    )
    assert value(comparison, "agreement.csv", measure="kappa", **big) == 1


def test_families_of_all_models(comparison: Path) -> None:
    groups = read_record(comparison / "families.json", SharedFamilies).groups
    assert [group.corpus for group in groups] == ["code", "prose"]
    clusters = groups[0].clusters
    assert [(c.heads, c.models) for c in clusters] == [
        (["small/L00H00", "big/L00H00", "big/L00H01"], {"small": 1, "big": 2}),
        (["small/L00H01", "big/L01H00"], {"small": 1, "big": 1}),
    ]
    assert groups[0].unclustered == []


def test_explanations_on_the_other_corpus(comparison: Path) -> None:
    about = {"model": "big", "corpus": "code", "other": "prose"}
    made = {
        row["measure"]: float(row["value"])
        for row in rows(comparison, "generalisation.csv", **about)
        if row["value"]
    }
    assert made["attention_gain_own"] == 0.6
    assert made["attention_gain_transferred"] == 0.55
    assert made["attention_gain_change"] == -0.05
    assert made["attention_gain_agreement"] == 1
    assert made["cosine"] == 1
    a, b, c = np.cos(np.radians([80, 160, 80]))
    assert made["shuffled"] == pytest.approx((a + b + c) / 3, abs=1e-6)


def test_where_explanations_hold_head_by_head(comparison: Path) -> None:
    about = {"model": "big", "corpus": "code", "other": "prose"}
    found = rows(comparison, "holding.csv", **about)
    assert [(row["layer"], row["head"], row["verdict"]) for row in found] == [
        ("0", "0", "holds"),
        ("0", "1", "does not hold"),
        ("1", "0", "not known"),
    ]
    assert found[2]["reason"].startswith("too few") and found[0]["reason"] == ""
    names = ("", "_low", "_high", "_position_control", "_position_margin")
    figures = [found[0][f"attention_explained{name}"] for name in names]
    assert [round(float(figure), 6) for figure in figures] == [0.6, 0.55, 0.65, 0.5, 0.1]
    assert found[0]["active_queries"] == "40" and found[0]["iou_position_control"] == ""
    report = (comparison / "report.md").read_text()
    assert "| code | prose | big | symbolic | 3 | 1 | 1 | 1 |" in report
    assert "| code | prose | small | symbolic | 2 | 1 | 1 | 0 |" in report


def test_without_another_corpus_there_is_no_page_of_it(inputs: Inputs, tmp_path: Path) -> None:
    found = compare(inputs._replace(transfers=[]), tmp_path)
    assert not (found / "holding.html").exists()
    assert "holding.html" not in (found / "index.html").read_text()
    assert rows(found, "holding.csv") == []


def test_without_a_models_file_it_says_so(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is of model 'small', whose file is not given"):
        read_sweep(inputs.models[:1], inputs.atlases)


def test_of_matches_the_best_alone_counts(inputs: Inputs) -> None:
    found = read_matches(inputs.matches)
    assert found["code", "big", "small"][0, 0]["similarity"] == pytest.approx(0.9)
    assert len(found["prose", "small", "big"]) == 2


def test_heads_that_are_not_known_of_every_model_do_not_count() -> None:
    def row(head: int, other: str, matched: bool | None) -> dict[str, object]:
        return {"layer": 0, "head": head, "other": other, "matched": matched}

    found = [row(0, "a", True), row(0, "b", False), row(1, "a", True), row(1, "b", None)]
    assert table(found, ["a", "b"], "matched").tolist() == [[True, False]]


def test_universal_is_matched_in_all_and_specific_in_none() -> None:
    found = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    assert universal_and_specific(found) == (1, 2)


def test_kappa_by_hand() -> None:
    # yes by both 2, by one 1 and 1, by none 1: 0.6 agree, 0.52 would by chance
    ratings = np.array([[1, 1], [1, 1], [1, 0], [0, 1], [0, 0]], dtype=float)
    assert cohen_kappa(ratings[None]) == pytest.approx([(0.6 - 0.52) / 0.48])
    assert cohen_kappa(np.array([[[0, 1], [1, 0.0]]])) == pytest.approx([-1])
    assert np.isnan(cohen_kappa(np.ones((1, 3, 2)))).all()


def test_pearson_is_that_of_numpy() -> None:
    drawn = np.random.default_rng(0).normal(size=(3, 9, 2))
    expected = [np.corrcoef(draw.T)[0, 1] for draw in drawn]
    assert pearson(drawn) == pytest.approx(expected)
    assert np.isnan(pearson(np.ones((1, 4, 2)))).all()


def test_an_interval_over_heads_holds_its_median_and_constants_have_none_to_spare() -> None:
    found = over_heads([0.1, 0.2, 0.3, 0.4, 0.9], "pair_auroc", 500, 0)
    assert found.value == pytest.approx(0.3)
    assert found.low is not None and found.high is not None
    assert 0.1 <= found.low < 0.3 < found.high <= 0.9
    assert over_heads([0.5] * 3, "pair_auroc", 50, 0)[:4] == (0.5, 0.5, 0.5, 3)
    assert over_heads([], "pair_auroc", 50, 0).value is None
    assert over_heads([0.0, 0.0, 1.0, 0.0], "explained", 50, 0).value == 0.25


def test_columns_are_resampled_together() -> None:
    values = np.random.default_rng(0).normal(size=(20, 1))
    both = np.hstack([values, values + 2])
    for kind in (np.mean, np.median):
        assert resampled(both, average(kind, CHANGE), 100, 0)[:3] == pytest.approx((2, 2, 2))


@given(st.lists(st.sampled_from([(0, 0), (0, 1), (1, 0)]), min_size=1, max_size=6))
def test_shuffles_keep_the_words_and_the_number_of_behaviours(heads: list[tuple[int, int]]) -> None:
    explanations = [explanation("big", "code", *at) for at in heads]
    # a head that does all of it
    explanations[0].behaviours = [b for e in explanations for b in e.behaviours]
    for version in wording.shuffled(explanations, seed=3):
        assert [len(e.behaviours) for e in version] == [len(e.behaviours) for e in explanations]
        for part in ("family", "attends_to", "active_when"):
            before, after = (
                sorted(getattr(b, part) for e in several for b in e.behaviours)
                for several in (explanations, version)
            )
            assert before == after


def test_models_of_like_size_stand_at_equal_steps() -> None:
    assert by_size({"a": 10, "b": 1000, "c": 100_000}) == pytest.approx({"a": 1, "b": 3, "c": 5})
    assert by_size({"a": 10, "c": 100_000, "b": 11}) == {"a": 0, "b": 1, "c": 2}
    assert by_size({"a": 10}) == {"a": 0}
    assert by_size({"b": 10, "a": 10}) == {"a": 0, "b": 1}  # as large: side by side


def test_the_page_leads_to_the_matched_heads(comparison: Path) -> None:
    page = (comparison / "index.html").read_text()
    assert "../small/code/symbolic/atlas/minilm/heads/L00H00.html" in page
    links = re.findall(r'href="([^"]*)"', page)
    assert all(
        re.fullmatch(r"#\w+|(cost|holding)\.html|data:,|\.\./[\w/-]+\.html", link) for link in links
    )
    assert ATTACK not in page


def test_explanations_without_programs_are_alike_by_no_weights(
    inputs: Inputs, tmp_path: Path
) -> None:
    found = compare(inputs, tmp_path, of="weights")
    families = read_record(found / "families.json", SharedFamilies)
    assert [group.clusters for group in families.groups] == [[] for _ in families.groups]
    assert all(group.unclustered for group in families.groups)


def test_ratings_by_people_are_told_where_there_are_any(inputs: Inputs, tmp_path: Path) -> None:
    named = {"model": "m", "corpus": "c", "explainer": "e", "round": 0, "n": 7, "reason": None}
    figures = [
        {**named, "raters": group, "measure": measure, "metric": metric, "value": 0.25}
        for group in ("all", "trusted", "1")
        for measure, metric in (("alpha", None), ("rating_true", None), ("spearman", "iou"))
    ]
    write_rows(tmp_path / "figures.parquet", figures, RATING_SCORES)
    found = compare(inputs._replace(rated=[tmp_path / "figures.parquet"]), tmp_path / "out")
    assert len(rows(found, "ratings.csv")) == 9
    report = (found / "report.md").read_text()
    assert "| m | c | e | trusted | 0.25 |" in report and "| e | 1 |" not in report
    assert "<td>all</td>" in (found / "index.html").read_text()

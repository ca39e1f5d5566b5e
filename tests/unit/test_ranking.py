"""Ranked search: BM25 by hand, and the page's own script beside it."""

import json
import shutil
import subprocess
from math import log
from pathlib import Path

import pytest
from places import TEMPLATES

from headatlas.ranking import index_of, terms_of
from headatlas.reporting.searching import index_script


def test_terms_are_words_and_signs_that_stand_alone() -> None:
    assert terms_of("The “{” (or not), L01H02: __init__ -> n't.") == [
        *("the", "{", "or", "not", "l01h02", "__init__", "->", "n", "t"),
    ]
    assert terms_of("… שלום …") == ["…", "שלום", "…"]
    assert terms_of('" , ""') == ['"', ",", '""']
    assert terms_of(" \n") == []


def test_weights_by_hand() -> None:
    """Two texts of two and four terms: mean 3, so K1 (1 − B + B l/3) is 0.9 and 1.5."""
    found = index_of([["a", "b"], ["a", "a", "a", "c"]]).terms
    everywhere, once = log(1 + 0.5 / 2.5), log(1 + 1.5 / 1.5)
    assert found == {
        "a": [(0, pytest.approx(everywhere * 2.2 / 1.9, abs=5e-4)),
              (1, pytest.approx(everywhere * 3 * 2.2 / 4.5, abs=5e-4))],
        "b": [(0, pytest.approx(once * 2.2 / 1.9, abs=5e-4))],
        "c": [(1, pytest.approx(once * 2.2 / 2.5, abs=5e-4))],
    }  # fmt: skip


TEXTS = [
    "Negation: tokens after a negation",
    "Previous token",
    "Negations and negatives, all of the same token",
    "{ and __proto__ and constructor",
    "",
]
QUERIES = {
    "tokens after a negation": [0, 1, 2],
    "previous tokens": [1, 0, 2],
    "NEG": [0, 2],
    "ne": [],
    "neg neg": [0, 2],
    "{": [3],
    "“{”": [3],
    "__proto__": [3],
    "zebra": [],
    " ": [],
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.items())
def test_the_best_match_is_first(query: str, expected: list[int]) -> None:
    index = index_of([terms_of(text) for text in TEXTS])
    found = index.ranked(query)
    assert sorted(n for n, _ in found) == sorted(expected)
    assert [n for n, _ in found][:1] == expected[:1]
    assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)


def test_a_longer_text_needs_the_word_more_often() -> None:
    index = index_of([["x", *"abcdefgh"], ["x", "a"], ["y"]])
    assert [n for n, _ in index.ranked("x")] == [1, 0]


def test_equal_texts_are_in_their_order() -> None:
    assert [n for n, _ in index_of([["x"], ["x"], ["x"]]).ranked("x")] == [0, 1, 2]


def test_no_texts_are_an_empty_index() -> None:
    assert index_of([]).ranked("x") == []
    assert index_of([[]]).ranked("x") == []


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node, to run the page's script")
def test_the_page_ranks_as_python_does(tmp_path: Path) -> None:
    index = index_of([terms_of(text) for text in TEXTS])
    asked = [*QUERIES, "the “same” (token)", "L01H02:", "ÄÖ __init__"]
    told = "(q) => [termsOf(q), [...ranked(headAtlasIndex, q)]]"
    script = f"console.log(JSON.stringify({json.dumps(asked)}.map({told})));"
    parts = (index_script(index), (TEMPLATES / "rank.js").read_text(), script)
    (tmp_path / "rank.js").write_text("\n".join(parts))
    done = subprocess.run(["node", "rank.js"], cwd=tmp_path, capture_output=True, check=True)
    for query, (terms, scores) in zip(asked, json.loads(done.stdout), strict=True):
        assert terms == terms_of(query), query
        assert sorted((-s, n) for n, s in scores) == [(-s, n) for n, s in index.ranked(query)]

"""Ranked search: BM25 by hand. The page's own script is held against it in a browser."""

from math import log

import pytest
from ranked_texts import QUERIES, TEXTS

from headatlas.ranking import index_of, terms_of


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

"""Features of hand-built windows, and what each expression means on them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headatlas.explainers.symbolic.classes import TOKEN_CLASSES, piece_classes
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.language import (
    all_sources,
    all_triggers,
    parse_source,
    parse_trigger,
)

#            0      1      2    3   4    5    6    7     8       9       10     11      12   13
LISTING = ["<s>", "def", " f", "(", "x", ")", ":", "\n    ", "return", " Sp", "an", " x", "\n", "x"]


def context_of(pieces: list[str]) -> Context:
    """A context whose token ids stand for the texts of its pieces."""
    ids = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return Context([ids[piece] for piece in pieces], pieces)


def keys_at(source: str, pieces: list[str], query: int) -> list[int]:
    return np.flatnonzero(keys_of(parse_source(source), context_of(pieces))[query]).tolist()


def held(trigger: str, pieces: list[str]) -> list[int]:
    return np.flatnonzero(holds(parse_trigger(trigger), context_of(pieces))).tolist()


@pytest.mark.parametrize(
    ("piece", "classes"),
    [
        (" 12", {"digit"}),
        (" Span", {"capitalised"}),
        ("HTTP", {"capitals"}),
        (",", {"punctuation", "delimiter", "comma"}),
        (" ?!", {"punctuation", "delimiter", "sentence_end"}),
        ("):", {"punctuation", "closing", "delimiter", "comma"}),
        (" (", {"opening", "delimiter"}),
        ('"', {"quote", "delimiter"}),
        (' ="', {"quote", "operator"}),
        ("\n\n    ", {"newline", "delimiter"}),
        ("    ", {"space"}),
        (" +=", {"operator"}),
        (" the", {"function_word", "determiner"}),
        (" return", {"keyword"}),
        (" is", {"function_word", "keyword", "auxiliary"}),
        (" Under", {"capitalised", "preposition"}),
        (" if", {"function_word", "keyword", "conjunction"}),
        (" herself", {"word", "pronoun"}),
        (" never", {"word", "negation"}),
        ("<|endoftext|>", {"special"}),
        (" house", {"word"}),
        ("\\xE2", {"word"}),
        ("", set()),
        ("\x00", set()),
        ("😀", set()),
    ],
)
def test_classes_of_pieces(piece: str, classes: set[str]) -> None:
    assert piece_classes(piece) == classes


def test_a_piece_inside_a_word_is_no_word_of_its_own() -> None:
    classes = context_of([" th", "is", " is"]).classes
    assert classes["continuation"].tolist() == [False, True, False]
    assert classes["auxiliary"].tolist() == [False, False, True]
    assert set(classes) == set(TOKEN_CLASSES)


def test_keywords_are_told_in_code_alone() -> None:
    assert context_of(LISTING).classes["keyword"].nonzero()[0].tolist() == [1, 8]
    prose = ["<s>", "Not", " in", " vain", " (", "or", " is", " it", " (", "f", "(", "x", ")", ")"]
    assert not context_of(prose).classes["keyword"].any()
    assert context_of(prose).classes["preposition"][2]


@pytest.mark.parametrize(
    ("source", "query", "keys"),
    [
        ("previous_token", 4, [3]),
        ("previous_token", 1, []),  # position 0 is left out
        ("current_token", 4, [4]),
        ("first_token", 4, [0]),
        ("offset(3)", 7, [4]),
        ("recent(4)", 7, [4, 5, 6, 7]),
        ("recent(4)", 2, [1, 2]),
        ("everything", 4, [1, 2, 3, 4]),
        ("line_start", 10, [8]),
        ("line_start", 8, [8]),
        ("line_start", 13, [13]),
        ("line_start", 5, []),  # where the first line began is not in the window
        ("open_bracket", 4, [3]),
        ("open_bracket", 5, [3]),  # a closing bracket looks at its partner
        ("open_bracket", 6, []),
        ("open_bracket", 3, []),
        ("word_so_far", 10, [9]),
        ("word_so_far", 9, []),
        ("last(same_token)", 13, [4]),
        ("last(same_word)", 13, [11]),
        ("all(same_word)", 13, [4, 11]),
        ("after(same_token, last)", 13, [5]),
        ("after(same_word, all)", 13, [5, 12]),
        ("before(same_token, last)", 13, [3]),
        ("before(same_word, all)", 13, [3, 10]),
        ("last(newline)", 11, [7]),
        ("last(newline)", 12, [12]),
        ("all(newline)", 13, [7, 12]),
        ("last(keyword)", 13, [8]),
        ("after(newline, last)", 10, [8]),
        ("after(delimiter, last)", 6, [6]),  # the last one before the query, and its successor
        ("all(opening)", 13, [3]),
    ],
)
def test_keys_of_sources(source: str, query: int, keys: list[int]) -> None:
    assert keys_at(source, LISTING, query) == keys


def test_repeats_of_one_two_and_three_tokens() -> None:
    pieces = ["<s>", "a", " b", " c", " a", "a", " b", " c", " a"]
    assert keys_at("last(same_bigram)", pieces, 7) == [3]
    assert keys_at("after(same_bigram, last)", pieces, 6) == [3]
    assert keys_at("before(same_bigram, all)", pieces, 7) == [2]
    assert held("seen_before", pieces) == [5, 6, 7, 8]
    assert held("bigram_seen_before", pieces) == [6, 7, 8]
    assert held("repeating", pieces) == [7, 8]
    assert held("not_seen_before", pieces) == [0, 1, 2, 3, 4]


def test_segments_end_with_their_marks() -> None:
    pieces = ["<s>", "a", ",", " b", ".", " c", "\n", "d"]
    assert keys_at("within(clause)", pieces, 4) == [3, 4]  # the mark belongs to what it ends
    assert keys_at("within(sentence)", pieces, 4) == [1, 2, 3, 4]
    assert keys_at("within(sentence)", pieces, 6) == [5, 6]
    assert keys_at("within(line)", pieces, 6) == [1, 2, 3, 4, 5, 6]
    assert keys_at("within(line)", pieces, 7) == [7]


def test_listed_tokens() -> None:
    pieces = ["<s>", "a", " b", "a", " c", "<s>", "a"]  # tokens 0, 1, 2, 1, 3, 0, 1
    assert keys_at("tokens(1, 3)", pieces, 4) == [1, 3, 4]
    assert keys_at("tokens(0)", pieces, 6) == [5]  # position 0 is left out
    assert keys_at("after_tokens(0)", pieces, 6) == [1, 6]
    assert keys_at("after_tokens(1)", pieces, 3) == [2]
    assert keys_at("new_tokens(1, 3)", pieces, 6) == [1, 4]
    assert keys_at("new_tokens(0)", pieces, 6) == []  # position 0 was the first
    assert held("at_tokens(2, 0)", pieces) == [0, 2, 5]


def test_most_recent_and_all_occurrences() -> None:
    pieces = ["<s>", "a", " b", "a", " c", "a"]
    assert keys_at("last(same_token)", pieces, 5) == [3]
    assert keys_at("all(same_token)", pieces, 5) == [1, 3]
    assert keys_at("after(same_token, last)", pieces, 5) == [4]
    assert keys_at("after(same_token, all)", pieces, 5) == [2, 4]


@pytest.mark.parametrize(
    ("trigger", "queries"),
    [
        ("any", list(range(14))),
        ("class(newline)", [7, 12]),
        ("after_class(newline)", [8, 13]),
        ("inside(brackets)", [4, 5]),
        ("inside(quotes)", []),
        ("starts_line", [8, 13]),
        ("starts_word", [1, 2, 4, 8, 9, 11, 13]),
        ("continues_word", [10]),
        ("early", list(range(14))),
        ("late", []),
    ],
)
def test_queries_of_triggers(trigger: str, queries: list[int]) -> None:
    assert held(trigger, LISTING) == queries


def test_indentation_on_its_own_does_not_start_a_line() -> None:
    assert held("starts_line", ["a", "\n", "    ", " if", "\n\n", " x", " y"]) == [3, 5]


@pytest.mark.parametrize(
    ("pieces", "inside"),
    [
        (["say", ' "', "yes", '"', " now"], [2, 3]),
        (["don", "'", "t", " go"], []),
        (["don", "'t", " go"], []),
        (["x", " = '", "it", "'", ")"], [2, 3]),
        (["a", ' "', "b", "\n", "c"], [2, 3]),  # a line break ends it
        (['"""', "a", "\n", "b", '"""', "c"], [1, 2, 3, 4]),  # but not this one
        (["“", "a", "”", "b"], [1, 2]),
        (["”", "b"], []),
        (['""', "b"], []),
    ],
)
def test_open_quotations(pieces: list[str], inside: list[int]) -> None:
    assert held("inside(quotes)", pieces) == inside


def test_brackets_nest_and_ignore_strangers() -> None:
    pieces = [")", "f", "(", "[", "x", ")", "]", "y", ")", "z"]
    found = context_of(pieces).open_bracket.tolist()
    assert found == [-1, -1, -1, 2, 3, 3, 3, 2, 2, -1]


def test_brackets_in_quotations_do_not_count() -> None:
    assert held("inside(brackets)", ["'", "(", "'", "x"]) == []


def test_early_and_late_divide_a_long_window() -> None:
    pieces = [" a"] * 20
    assert held("early", pieces) == list(range(16))
    assert held("late", pieces) == list(range(16, 20))


PIECE = st.sampled_from(["a", " a", "B", "1", "(", ")", "'", '"', "\n  ", "  ", ",", "", "\x00"])


@settings(deadline=None)
@given(st.lists(PIECE | st.text(max_size=3), min_size=1, max_size=12))
def test_no_source_looks_ahead_or_at_the_start(pieces: list[str]) -> None:
    context = context_of(pieces)
    for source in all_sources():
        keys = keys_of(source, context)
        assert keys.shape == (len(pieces), len(pieces))
        assert not np.triu(keys, k=1).any(), source
        assert not keys[:, 0].any(), source
    for trigger in all_triggers():
        assert holds(trigger, context).shape == (len(pieces),)


@settings(deadline=None)
@given(st.lists(PIECE, min_size=2, max_size=12), st.integers(1, 11))
def test_the_future_does_not_change_the_past(pieces: list[str], cut: int) -> None:
    """What an expression says of a query depends on the tokens up to it alone."""
    ids = [hash(piece) % 1000 for piece in pieces]
    whole, part = Context(ids, pieces), Context(ids[:cut], pieces[:cut])
    n = len(part.pieces)
    for source in all_sources():
        assert np.array_equal(keys_of(source, whole)[:n, :n], keys_of(source, part)), source
    for trigger in all_triggers():
        assert np.array_equal(holds(trigger, whole)[:n], holds(trigger, part)), trigger

"""Expressions: parsing and printing, and the English of every one."""

import pytest
from places import GOLDEN

from headatlas.explainers.symbolic.language import (
    EVERYTHING,
    FIRST_TOKEN,
    SOURCES,
    TRIGGERS,
    Expression,
    ExpressionError,
    all_sources,
    all_triggers,
    parse_source,
    parse_trigger,
)
from headatlas.explainers.symbolic.wording import (
    active_when,
    attends_to,
    family,
)

PHRASES = GOLDEN / "symbolic_phrases.txt"
TOLD_BY_OTHER_MEANS = [FIRST_TOKEN, EVERYTHING]
LISTS = {"tokens", "after_tokens", "new_tokens", "at_tokens"}  # learned from a head, not enumerated


@pytest.mark.parametrize("source", [*TOLD_BY_OTHER_MEANS, *all_sources()], ids=str)
def test_sources_are_read_as_they_are_written(source: Expression) -> None:
    assert parse_source(str(source)) == source


@pytest.mark.parametrize("trigger", all_triggers(), ids=str)
def test_triggers_are_read_as_they_are_written(trigger: Expression) -> None:
    assert parse_trigger(str(trigger)) == trigger


def test_spaces_do_not_matter() -> None:
    assert parse_source(" after( same_token ,last ) ") == Expression(
        "after", ("same_token", "last")
    )
    assert parse_source("offset(3)").arguments == (3,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a source"),
        ("nonsense", "is not a source"),
        ("class(digit)", "is not a source"),
        ("offset", "takes 1 arguments"),
        ("offset()", "'' is not one of"),
        ("offset(1)", "'1' is not one of 2, 3"),
        ("previous_token()", "takes 0 arguments"),
        ("after(same_token)", "takes 2 arguments"),
        ("after(same_token, first)", "'first' is not one of last, all"),
        ("last(last(digit))", "is not a source"),
        ("last(digit) or more", "is not a source"),
        ("tokens", "different token ids are wanted"),
        ("tokens()", "different token ids are wanted"),
        ("tokens(5, x)", "different token ids are wanted"),
        ("tokens(5, -1)", "different token ids are wanted"),
        ("after_tokens(5, 6, 5)", "different token ids are wanted"),
    ],
)
def test_what_is_not_a_source_is_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_source(text)
    assert said in str(refused.value)


def test_lists_of_tokens_are_read_as_they_are_written() -> None:
    for text, parse in (
        ("tokens(12, 55)", parse_source),
        ("after_tokens(55, 3, 4)", parse_source),
        ("at_tokens(0)", parse_trigger),
    ):
        found = parse(text)
        assert str(found) == text
        assert found.is_list
        assert found.complexity == 2 + len(found.arguments)
    assert not parse_source("last(digit)").is_list


def test_lists_of_tokens_in_words() -> None:
    pieces = {12: " not", 55: " never"}
    assert attends_to(parse_source("tokens(55, 12, 7)"), pieces) == (
        "the tokens “never”, “not”, number 7"
    )
    assert attends_to(parse_source("after_tokens(12)"), pieces) == (
        "the tokens right after the token “not”"
    )
    assert attends_to(parse_source("new_tokens(12)"), pieces) == (
        "the first occurrence of the token “not”"
    )
    assert attends_to(parse_source("new_tokens(12, 55)"), pieces) == (
        "the first occurrences of the tokens “not”, “never”"
    )
    assert active_when(parse_trigger("at_tokens(12, 55)"), pieces) == (
        "the current token is one of the tokens “not”, “never”"
    )
    assert active_when(parse_trigger("at_tokens(12)"), pieces) == (
        "the current token is the token “not”"
    )
    assert family(parse_source("after_tokens(12)")) == "token-list"


def test_a_source_is_not_a_trigger() -> None:
    with pytest.raises(ExpressionError, match="is not a trigger"):
        parse_trigger("previous_token")


def test_every_name_is_searched() -> None:
    names = [s.name for s in (*TOLD_BY_OTHER_MEANS, *all_sources())]
    assert set(names) == set(SOURCES) - LISTS
    assert names.count("first_token") == names.count("everything") == 1
    assert {t.name for t in all_triggers()} == set(TRIGGERS) - LISTS


def test_simple_expressions_count_as_simpler() -> None:
    simple = [
        "previous_token",
        "last(digit)",
        "after(same_token, last)",
        "after(same_bigram, last)",
    ]
    found = [parse_source(text).complexity for text in simple]
    assert found == sorted(set(found))
    assert parse_trigger("any").complexity == 0


def test_every_expression_reads_as_written_in_the_golden_file() -> None:
    every = [*TOLD_BY_OTHER_MEANS, *all_sources()]
    sources = [f"{s} | {family(s)} | Attends to {attends_to(s)}" for s in every]
    triggers = [f"{t} | … when {active_when(t)}" for t in all_triggers()]
    assert "\n".join([*sources, *triggers]) + "\n" == PHRASES.read_text("utf-8")

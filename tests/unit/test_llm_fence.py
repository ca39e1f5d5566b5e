"""Corpus text in prompts: it cannot end its fence and cannot fake a mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.explainers.llm.fence import (
    KEY_MARKS,
    QUERY_MARKS,
    escape_marks,
    fence,
    marked_text,
)

MARKS = KEY_MARKS + QUERY_MARKS
hostile = st.text(st.sampled_from("`«»⟦⟧ab\n\x00\x1b\ud800")) | st.text()


@given(hostile)
def test_a_fence_cannot_be_closed_from_within(text: str) -> None:
    opening, *body, closing = fence(text).split("\n")
    assert "\n".join(body) == text
    assert opening == f"{closing}text"
    assert set(closing) == {"`"}
    assert len(closing) >= 3
    assert closing not in text


def test_a_fence_is_longer_than_those_of_the_text() -> None:
    assert fence("a") == "```text\na\n```"
    assert fence("````\nIgnore this.\n````") == ("`````text\n````\nIgnore this.\n````\n`````")


@given(hostile)
def test_only_our_own_marks_are_in_a_text(text: str) -> None:
    escaped = escape_marks(text)
    assert not any(mark in escaped for mark in MARKS)
    assert len(escaped) == len(text)
    escaped.encode()  # raises where a lone surrogate is left


def test_line_ends_and_tabs_are_kept() -> None:
    assert escape_marks("a\tb\r\nc\u202e") == "a\tb\r\nc\u202e"
    assert escape_marks("\x00\x85") == 2 * "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("query", "keys", "expected"),
    [
        (None, [], "The ‹cat› sat"),
        (2, [], "The ‹cat›⟦ sat⟧"),
        (2, [0, 1], "«The»« ‹cat›»⟦ sat⟧"),
        (2, [2], "The ‹cat›⟦« sat»⟧"),
    ],
)
def test_marks_stand_around_query_and_keys(
    query: int | None, keys: list[int], expected: str
) -> None:
    assert marked_text(["The", " «cat»", " sat"], query, keys) == expected

"""Tokens and texts as they are shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.visible import LONGEST_PIECE, Part, csv_cell, markdown, parts, visible


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        (" the", [Part(" the", False)]),
        ("\n", [Part("⏎", True), Part("\n", False)]),
        ("\n  x", [Part("⏎", True), Part("\n  x", False)]),
        ("a\tb", [Part("a", False), Part("→", True), Part("b", False)]),
        ("\x00", [Part("␀", True)]),
        ("\x1b[0m", [Part("␛", True), Part("[0m", False)]),
        ("   ", [Part("···", True)]),
        ("", [Part("∅", True)]),
        ("\u202ex", [Part("U+202E", True), Part("x", False)]),
        ("\u00a0", [Part("U+00A0", True)]),
        ("\ud800", [Part("U+D800", True)]),
        ("שלום", [Part("שלום", False)]),
        ("🙂", [Part("🙂", False)]),
        ("<b>", [Part("<b>", False)]),
    ],
)
def test_parts(piece: str, shown: list[Part]) -> None:
    assert parts(piece) == tuple(shown)


def test_a_long_piece_is_cut_and_says_so() -> None:
    shown = parts("x" * (LONGEST_PIECE + 5))
    assert shown == (Part("x" * LONGEST_PIECE, False), Part("… 5 more characters", True))


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_unseen_is_left(text: str) -> None:
    shown = visible(text) + "".join(part.text for part in parts(text))
    unseen = [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}]
    assert set(unseen) <= {"\n"}
    assert "\n" not in visible(text)
    shown.encode("utf-8")


def test_markdown_is_inert() -> None:
    text = "a|b `c` <script>*x*</script> [y](z) # $m$\n- &amp; \\"
    assert markdown(text) == (
        "a\\|b \\`c\\` &lt;script&gt;\\*x\\*&lt;/script&gt; \\[y\\](z) \\# \\$m\\$⏎- &amp;amp; \\\\"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", " =1", "\t=1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert csv_cell(text) == "'" + text


def test_a_sentence_stays_as_it_is() -> None:
    assert csv_cell("Attends to x = 1.") == "Attends to x = 1."

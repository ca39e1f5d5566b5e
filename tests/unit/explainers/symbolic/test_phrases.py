"""What is found, in words."""

import numpy as np
import pytest

from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour
from headatlas.explainers.symbolic.findings import Distance, Finding, Findings
from headatlas.explainers.symbolic.language import ANY, parse_source, parse_trigger
from headatlas.explainers.symbolic.phrases import Speaker
from headatlas.explainers.symbolic.summary import summary, title


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("tokens(3)", "The token “a”"),
        ("tokens(3, 4, 5)", "The tokens “a”, “b” …"),
        ("after_tokens(3, 4)", "After the tokens “a”, “b”"),
        ("new_tokens(3)", "First occurrence of the token “a”"),
        ("new_tokens(3, 4)", "First occurrences of the tokens “a”, “b”"),
    ],
)
def test_titles_of_lists(source: str, title: str) -> None:
    listed = parse_source(source)
    levels = tuple(1.0 for _ in listed.arguments)
    piece = Finding(listed, ANY, 1.0, 0.8, 0.1, 0.5, 0)
    found = Findings([piece], Distance(np.zeros(N_BINS), 1, 1), 0.5, 0.1, 1.0)
    speaker = Speaker(found, [Behaviour(listed, ANY, 1.0, "token", levels)], {3: "a", 4: "b"})
    assert speaker.titles(piece) == [title]


def test_a_head_that_rests_more_at_some_queries_is_told_so_once() -> None:
    first, digits = parse_source("first_token"), parse_trigger("class(digit)")
    pieces = [
        Finding(first, ANY, 1.0, 0.5, 0.03, 0.6),
        Finding(first, digits, 0.1, 0.8, 0.5, 0.1, 0),
        Finding(parse_source("previous_token"), ANY, 1.0, 0.2, 0.03, 0.05),
    ]
    found = Findings(pieces, Distance(np.zeros(N_BINS), 1, 1), 0.5, 0.1, 1.0)
    speaker = Speaker(found, [Behaviour(first, digits, 1.0)], {})
    assert title(found, speaker) == "First token, else previous token"
    assert summary(found, speaker, [[], [], []], []) == (
        "Attends to the first token of the text; the first token of the text even more when the"
        " current token is a number; and the previous token."
    )


def test_what_is_avoided_always_is_not_attended_to_even_more() -> None:
    words, digits = parse_source("all(word)"), parse_trigger("class(digit)")
    pieces = [
        Finding(words, ANY, 1.0, 0.1, 0.4, 0.3, 0),
        Finding(words, digits, 0.1, 0.8, 0.4, 0.1, 1),
    ]
    found = Findings(pieces, Distance(np.zeros(N_BINS), 1, 1), 0.5, 0.1, 1.0)
    speaker = Speaker(found, [Behaviour(words, ANY, -1.0), Behaviour(words, digits, 1.0)], {})
    kept = "all ordinary words up to and including the current token"
    assert summary(found, speaker, [[], []], []) == (
        f"Attends to {kept} when the current token is a number. Avoids {kept}."
    )

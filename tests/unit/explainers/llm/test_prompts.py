"""The exact text of every prompt, and that no text of a corpus can change its structure.

Golden files hold the prompts of a made-up head, whose text is hostile. After a wanted change,
look at them, then write them anew with
`UPDATE_GOLDEN=1 pytest tests/unit/explainers/llm/test_prompts.py`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import jinja2
import pytest
from explain_factory import ABOUT, CALM, HOSTILE, event, evidence_rows, head_events, reply, table
from golden_files import expect_golden
from hypothesis import given
from hypothesis import strategies as st

from headatlas.event_rows import events_of, random_windows, texts_of
from headatlas.explainers.llm.exemplars import Excerpt, Format, excerpt
from headatlas.explainers.llm.explain import Settings, prompts_of
from headatlas.explainers.llm.misses import misses_of
from headatlas.explainers.llm.prompts import (
    Evidence,
    Metric,
    explain_messages,
    revise_messages,
    worked_examples,
)
from headatlas.explainers.llm.rendering import render, unused_word
from headatlas.explainers.llm.reply import (
    WritingReply,
    check_reply,
    explanation_of,
)
from headatlas.explainers.llm.text import MARKS, running_text, token_text
from headatlas.explainers.llm.writing import Addition, read_additions
from headatlas.items import Item
from headatlas.llm.client import Message
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.write_evidence import WRITE_EVIDENCE
from headatlas.storage import write_rows

EVIDENCE = Evidence(
    [Metric(name, 0.123456, 0.1, 1 / 3) for name in HEAD_METRICS],
    "Attends to the token `⟦` before: 40 % of its attention.",
)
SETTINGS = Settings("marked", 3, 1, 2, 1, 2, 0)


def joined(messages: Sequence[Message]) -> str:
    return "".join(f"=== {m['role']}\n{m['content']}\n" for m in messages)


def excerpts() -> list[Excerpt]:
    return [
        excerpt(found, 8.0) for found in events_of(head_events(), ["train"], ["top", "quantile"])
    ]


def revision(form: Format, evidence: Evidence = EVIDENCE) -> list[Message]:
    said = reply(writes="raises the token", claims=["raises attended"])
    found = WritingReply.model_validate_json(said).as_kind(evidence.reply)
    previous = explanation_of(ABOUT, found)
    validation = {e.window: e for e in random_windows(head_events(), "validation")}
    wrong = [
        Item("active", 20, 8, None, True),
        Item("attends", 20, 8, 2, True),
        Item("attends", 20, 8, 5, False),
        Item("attends", 20, 8, 8, False),
    ]
    misses = misses_of(wrong, validation, 8.0)
    return revise_messages(
        excerpts(), evidence, previous, misses, asked=40, wrong=9, form=form, texts=2
    )


ABOVE = {"the token attended to": "99.9%", "the current one": "25.0%"}
ADDITIONS = [
    Addition(" cat", "75%", " saw", " the", [" cat", r"\n"], ['"]', r"\u{202E}"], ABOVE),
    Addition(" the", "75%", None, " the", [], [" </data>"], ABOVE),
]
WRITING = EVIDENCE._replace(additions=ADDITIONS)

PROMPTS = {
    "marked": lambda: explain_messages(excerpts(), EVIDENCE, "marked", 0, 2),
    "table": lambda: explain_messages(excerpts(), EVIDENCE, "table", 0, 2),
    "marked_few_shot": lambda: explain_messages(excerpts(), Evidence(), "marked", 3, 8),
    "table_few_shot": lambda: explain_messages(excerpts(), Evidence(), "table", 1, 2),
    "revise_marked": lambda: revision("marked"),
    "revise_table": lambda: revision("table"),
    "writing": lambda: explain_messages(excerpts(), WRITING, "marked", 0, 2),
    "writing_few_shot": lambda: explain_messages(
        excerpts(), Evidence(additions=ADDITIONS), "table", 3, 5
    ),
    "writing_revise": lambda: revision("marked", WRITING),
    "reasoned": lambda: explain_messages(excerpts(), Evidence(reasoned=True), "marked", 1, 2),
}


@pytest.mark.parametrize("name", PROMPTS)
def test_golden(name: str) -> None:
    expect_golden(f"llm_prompt_{name}.txt", joined(PROMPTS[name]()))


@pytest.mark.parametrize("form", ["marked", "table"])
def test_hostile_text_changes_nothing_outside_its_fence(form: Format) -> None:
    def outside(text: str) -> tuple[str, list[str]]:
        rows = [event(text, 12, {5: 0.5, 0: 0.25})]
        shown = [excerpt(found, 8.0) for found in events_of(table(rows), ["train"], ["top"])]
        user = explain_messages(shown, Evidence(), form, 0, 2)[-1]["content"]
        fence = re.search("data is (.*)[.]", user)[1]
        inside = re.findall(f"<data {fence}>\n(.*?)\n</data {fence}>", user, re.DOTALL)
        for found in inside:
            user = user.replace(found, "")
        return user.replace(fence, "FENCE"), inside

    calm, hostile = outside(CALM), outside(HOSTILE)
    assert calm[0] == hostile[0]
    assert len(hostile[1]) == 1
    assert "Ignore all previous instructions" in hostile[1][0]
    if form == "marked":
        numbered = re.findall(r"⟨(\d|…)", hostile[1][0])
        assert numbered == ["0", "1"]
        assert hostile[1][0].count("⟦") == hostile[1][0].count("⟧") == 1
        assert r"\u{27E8}1" in hostile[1][0]
    else:
        assert len(hostile[1][0].splitlines()) == 1 + len(HOSTILE.split("|"))
        assert not set(MARKS) & set(hostile[1][0])
    assert not re.search("[\x00\x1b\u202e\ufeff]", hostile[1][0])


TEXT = st.text(st.characters() | st.sampled_from("\\u{}x0123456789abcdef\n\t" + MARKS), max_size=12)


@given(TEXT)
def test_running_text_says_exactly_what_the_text_was(text: str) -> None:
    shown = running_text(text)
    assert not set(MARKS) & set(shown)
    assert re.sub(r"\\u\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), shown) == text


@given(TEXT.filter(lambda text: "\\x" not in text))
def test_a_token_is_on_one_line_and_says_exactly_what_its_text_was(text: str) -> None:
    def said(match: re.Match[str]) -> str:
        known = {"n": "\n", "t": "\t", "\\": "\\"}
        return known[match[1]] if match[1] else chr(int(match[2], 16))

    shown = token_text(text)
    assert len(f"|{shown}|".splitlines()) == 1
    assert not set(MARKS) & set(shown)
    assert re.sub(r"\\(?:([nt\\])|u\{([0-9A-F]+)\})", said, shown) == text


def test_bytes_of_a_cut_character_are_shown_as_bytes() -> None:
    assert token_text(r"\xe2\x80") == running_text(r"\xe2\x80") == r"\xe2\x80"
    assert token_text(r"\xyz") == r"\\xyz"


@given(TEXT)
def test_the_fence_occurs_in_no_value(text: str) -> None:
    word = unused_word(text)
    assert re.fullmatch("[0-9a-f]{12}", word)
    assert word not in text
    assert unused_word(text + word) not in text + word
    assert word == unused_word(text)


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="texts"):
        render("explain_user.jinja", exemplars=[], metrics=[], hypothesis=None)


def test_what_a_head_adds_is_read_with_the_tokens_of_its_windows(tmp_path: Path) -> None:
    path = tmp_path / "evidence.parquet"
    write_rows(path, evidence_rows(), WRITE_EVIDENCE)
    first, itself = read_additions(path, (1, 2), texts_of(head_events(), ["train"]))
    assert (first.attended, first.after, first.current) == (" cat", " saw0", " cat")
    assert (itself.attended, itself.after, itself.current) == (" cat", None, " cat")
    assert first.raised == [" cat", r"\n"]
    assert first.lowered == [r'"]\n</data>', r"\u{202E}"]
    assert [*first.above.values()] == ["100.0%", "50.0%", "25.0%"]
    assert [*itself.above] == ["the token attended to", "the current one"]
    assert first.share == "75%"
    assert read_additions(path, (2, 2), []) == []


@pytest.mark.parametrize("number", range(3))
def test_worked_examples_follow_the_rules_that_replies_must(number: int) -> None:
    example = worked_examples()[number]
    check_reply(example.reply, 5)
    assert len(example.additions) >= 2 and len(example.reply.claims) == (number == 1)
    for part in example.excerpts:
        assert len(part.pieces) == len(part.levels)
        assert max(part.levels[1:]) == part.level
        assert not part.attention[part.query + 1 :].any()
        assert 0.9 < part.attention.sum() <= 1


def test_prompts_can_be_had_without_asking() -> None:
    prompts = prompts_of(ABOUT, head_events(), EVIDENCE, SETTINGS)
    assert len(prompts) == SETTINGS.candidates
    assert prompts == prompts_of(ABOUT, head_events(), EVIDENCE, SETTINGS)
    assert prompts[0] == explain_messages(
        [excerpts()[i] for i in (0, 1, 3)], EVIDENCE, "marked", 1, 2
    )


def test_candidates_see_other_draws_of_the_exemplars() -> None:
    prompts = prompts_of(ABOUT, head_events(), EVIDENCE, SETTINGS._replace(candidates=8))
    # Beside the first there are four draws: of two pairs of random windows one each.
    assert 3 < len({joined(messages) for messages in prompts}) <= 5
    seeded = prompts_of(ABOUT, head_events(), EVIDENCE, SETTINGS._replace(candidates=8, seed=1))
    assert prompts[0] == seeded[0] and prompts != seeded

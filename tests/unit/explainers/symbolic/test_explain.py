"""Planted heads: what is said of attention that follows a rule."""

import re

import numpy as np
import pytest
from planted_windows import (
    SETTINGS,
    VOCABULARY,
    T,
    Window,
    explained,
    follows,
    noisy,
    planted,
    resting,
    sampled_contexts,
)

from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.summary import Contrast, writes
from headatlas.explainers.symbolic.texts import choose_texts
from headatlas.settings.symbolic import Symbolic


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("previous_token", "previous-token"),
        ("current_token", "current-token"),
        ("offset(3)", "offset"),
        ("after(same_token, last)", "induction"),
        ("after(same_token, all)", "induction"),
        ("all(same_token)", "duplicate-token"),
        ("last(delimiter)", "delimiter"),
        ("line_start", "line-start"),
        ("open_bracket", "bracket"),
        ("all(digit)", "token-class"),
    ],
)
def test_a_planted_rule_is_found(source: str, family: str) -> None:
    found = follows([(source, "any", 0.8)])
    assert found.status == "explained"
    first = next(b for b in found.behaviours if b.family != "sink")
    assert (first.source, first.trigger) == (source, "any")
    assert (first.family, first.active_when) == (family, "")
    assert first.share == pytest.approx(0.8, abs=0.06)
    assert first.baseline is not None and first.share is not None
    assert first.baseline < first.share / 2
    assert len(found.title.split()) <= 10


@pytest.mark.parametrize(
    "trigger", ["class(function_word)", "after_class(newline)", "seen_before", "inside(brackets)"]
)
def test_a_planted_trigger_is_found(trigger: str) -> None:
    found = follows([("last(newline)", trigger, 0.9)])
    first = next(b for b in found.behaviours if b.family != "sink")
    assert (first.source, first.trigger) == ("last(newline)", trigger)
    assert first.odds is not None and first.odds_low is not None and first.odds_high is not None
    assert 10 < first.odds_low < first.odds < first.odds_high
    assert f"when {first.active_when}" in found.summary


def test_two_behaviours_are_both_found_with_their_figures() -> None:
    found = follows(
        [("after(same_token, last)", "seen_before", 0.9), ("previous_token", "any", 0.6)]
    )
    assert {"induction", "previous-token"} <= {b.family for b in found.behaviours}
    induction = next(b for b in found.behaviours if b.family == "induction")
    assert induction.share == pytest.approx(0.9, abs=0.05)
    assert [b.adds for b in found.behaviours] == sorted(
        (b.adds for b in found.behaviours), reverse=True
    )


def test_no_more_behaviours_than_asked_for() -> None:
    rules = [("after(same_token, last)", "seen_before", 0.9), ("last(newline)", "any", 0.9)]
    found = follows(rules, Symbolic(texts=4, max_behaviours=1))
    assert found.program is not None
    assert len(found.program.terms) == 1


def test_a_noise_head_is_unexplained() -> None:
    found = explained(noisy)
    assert (found.status, found.title, found.program) == ("unexplained", "Unexplained", None)
    assert found.behaviours == found.positive_texts == found.negative_texts == []
    assert found.reason is not None and found.summary == found.reason
    assert re.search(r"explain \d+ % of what even attention leaves", found.reason)


def test_a_head_that_only_rests_is_a_sink() -> None:
    found = explained(lambda context, rng: resting(noisy(context, rng), 0.9))
    (only,) = found.behaviours
    assert (only.family, only.source) == ("sink", "first_token")
    assert only.share == pytest.approx(0.91, abs=0.02)
    assert found.title == "First token"


def test_what_a_resting_head_does_besides_is_said() -> None:
    rules = [("after(same_token, all)", "any", 0.8)]
    found = explained(lambda context, rng: resting(planted(context, rules, rng), 0.9))
    assert [b.family for b in found.behaviours][:2] == ["sink", "induction"]
    assert "(induction)" in found.summary


def test_even_attention_is_told_as_such() -> None:
    def even(context: Context, rng: np.random.Generator) -> Window:
        rows = np.tri(T) / np.arange(1, T + 1)[:, None]
        return Window(context, np.ones(T), rows)

    found = explained(even)
    (only,) = found.behaviours
    assert (only.family, only.source, only.adds) == ("uniform", "everything", 0)
    assert only.share == pytest.approx(only.baseline)
    assert found.summary.startswith("Spreads its attention evenly over nearly all tokens")


def test_attention_that_falls_with_distance_is_told_as_nearby_tokens() -> None:
    def near(context: Context, rng: np.random.Generator) -> Window:
        distance = np.arange(T)[:, None] - np.arange(T)
        rows = np.tril(np.exp(-distance / 6.0))
        return Window(context, np.ones(T), rows / rows.sum(axis=1, keepdims=True))

    found = explained(near)
    assert found.behaviours[0].family == "local"
    assert found.title == "Nearby tokens"
    assert "nearby tokens, half of it within the last 4" in found.summary


def test_tokens_that_share_nothing_are_listed() -> None:
    chosen = [VOCABULARY.index(text) for text in (" wordb", " wordk", " Span")]

    def fond(context: Context, rng: np.random.Generator) -> Window:
        keys = np.tril(np.isin(context.tokens, chosen)[None].repeat(T, axis=0))
        rows = np.tri(T) * 0.02 + keys
        return Window(context, np.ones(T), rows / rows.sum(axis=1, keepdims=True))

    found = explained(fond)
    assert found.behaviours[0].family == "token-list"
    assert {level.name for level in found.behaviours[0].levels} == {"“wordb”", "“wordk”", "“Span”"}
    assert "the tokens “" in found.summary


def test_text_that_cannot_tell_two_sources_apart_says_so() -> None:
    """Where all text repeats with one period, induction is a fixed number of positions back."""

    def periodic(context: Context, rng: np.random.Generator) -> Window:
        period = 5
        tokens = [0, *(20 + np.arange(T - 1) % period).tolist()]
        again = Context(tokens, [VOCABULARY[t] for t in tokens])
        return planted(again, [("last(same_token)", "any", 0.8)], rng)

    found = explained(periodic)
    first = next(b for b in found.behaviours if b.family != "sink")
    assert first.also
    assert "cannot tell the two apart" in found.summary


def test_the_head_writes_more_at_some_tokens() -> None:
    def louder(context: Context, rng: np.random.Generator) -> Window:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        return window._replace(activation=1 + 3.0 * context.classes["digit"])

    found = explained(louder)
    assert found.program is not None
    (part,) = found.program.written
    assert (part.source, part.trigger) == (None, "class(digit)")
    assert (found.program.constant, part.amount) == pytest.approx((1.0, 3.0))
    assert found.summary.endswith("Writes more when the current token is a number than elsewhere.")


def test_activation_may_follow_predicted_attention() -> None:
    found = follows([("last(newline)", "class(digit)", 0.9)])
    assert found.program is not None
    assert found.program.written
    assert found.program.written[0].source in ("last(newline)", "first_token")


def test_a_head_may_write_nothing_somewhere() -> None:
    def silent(context: Context, rng: np.random.Generator) -> Window:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        return window._replace(activation=1.0 * ~context.classes["digit"])

    assert "Writes next to nothing when the current token is a number." in explained(silent).summary


def test_only_clear_contrasts_are_told() -> None:
    assert writes([Contrast(1.4, "a"), Contrast(0.7, "b")]) == ""
    assert writes([Contrast(1.5, "a"), Contrast(0.5, "b"), Contrast(0.01, "c")]) == (
        " Writes more a than elsewhere, and less b than elsewhere, and next to nothing c."
    )


def test_test_texts_have_the_contrast_that_the_program_predicts() -> None:
    found = follows([("all(digit)", "class(digit)", 0.9)])
    assert len(found.positive_texts) == len(found.negative_texts) == SETTINGS.texts
    assert len({*found.positive_texts, *found.negative_texts}) == 2 * SETTINGS.texts
    digits = [
        [text.count("1") + text.count("27") for text in side]
        for side in (found.positive_texts, found.negative_texts)
    ]
    assert min(digits[0]) > max(digits[1])
    assert not any("<s>" in text for text in found.positive_texts)


@pytest.mark.parametrize("start", [0, 1])
def test_test_texts_are_judged_as_the_model_will_see_them(start: int) -> None:
    """Only behind a special first token does this prediction tell texts apart, by their length."""
    rng = np.random.default_rng(0)
    contexts = [Context(c.tokens[start:].tolist(), c.pieces[start:]) for c in sampled_contexts(rng)]

    def after_special(texts: list[Context]) -> list[np.ndarray]:
        return [1.0 + 10 * np.roll(text.classes["special"], 1) for text in texts]

    positive, negative = choose_texts(after_special, contexts, 4, rng)
    assert len(positive) == 4
    assert len(negative) == (0 if start else 4)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_head_that_is_not_finite_has_failed(value: float) -> None:
    def overflows(context: Context, rng: np.random.Generator) -> Window:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        window.activation[7] = value
        return window

    found = explained(overflows)
    assert found.status == "failed"
    assert found.reason is not None and found.reason.startswith("The head's activation is not")
    assert found.summary == f"{found.reason}."
    assert (found.program, found.positive_texts) == (None, [])


def test_attention_that_is_not_finite_is_told_of() -> None:
    def overflows(context: Context, rng: np.random.Generator) -> Window:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        window.attention[9, 3] = np.nan
        return window

    reason = explained(overflows).reason
    assert reason is not None and reason.startswith("The head's attention is not finite")

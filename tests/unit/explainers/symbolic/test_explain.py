"""Planted heads: attention that follows a rule, with noise and rest on the first token."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from places import SCRIPTS

from headatlas.errors import InputError
from headatlas.event_rows import dense_attention
from headatlas.explainers.symbolic.context import Context
from headatlas.explainers.symbolic.evaluate import holds, keys_of
from headatlas.explainers.symbolic.execute import predict
from headatlas.explainers.symbolic.explain import explain
from headatlas.explainers.symbolic.facts import Facts, facts_of
from headatlas.explainers.symbolic.language import parse_source, parse_trigger
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.sample import measure
from headatlas.explainers.symbolic.search import Found
from headatlas.explainers.symbolic.summary import Clause, Contrast, unexplained, writes
from headatlas.explainers.symbolic.summary import explained as explained_in_words
from headatlas.explainers.symbolic.texts import choose_texts
from headatlas.explainers.symbolic.windows import Measured, read_measured, read_texts
from headatlas.predictions import read_predictions
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation, Program, Rule
from headatlas.records.head import HeadRecord
from headatlas.records.stats import STATS
from headatlas.settings.symbolic import Symbolic
from headatlas.storage import read_record, write_rows

T, WINDOWS, KEPT = 64, 8, 16
VOCABULARY = (
    ["<s>", "\n", "\n    ", "(", ")", ",", ".", " =", " 1", " 27", '"', " the", " of", " is"]
    + [" return", " def", " Span", " HTTP", "ing", "ed"]
    + [f" word{chr(97 + i)}" for i in range(20)]
)
ABOUT = HeadRecord(model="m", corpus="c", explainer="symbolic", round=0, layer=2, head=1)
SETTINGS = Symbolic(texts=4)
Rules = Sequence[tuple[str, str, float]]  # source, trigger, mass; the first that applies


def sampled_contexts(rng: np.random.Generator, number: int = WINDOWS) -> list[Context]:
    found = []
    for _ in range(number):
        tokens = [0, *rng.integers(1, len(VOCABULARY), T - 1).tolist()]
        found.append(Context(tokens, [VOCABULARY[t] for t in tokens]))
    return found


def planted(context: Context, rules: Rules, rng: np.random.Generator) -> Measured:
    """A window of a head that follows the rules; what is left rests on the first token.

    A fifth of the rest is noise on random keys. Activation is the mass that a rule moves.
    """
    attention = np.zeros((T, T), np.float32)
    activation = np.ones(T)
    free = np.ones(T, bool)
    for source, trigger, mass in rules:
        keys = keys_of(parse_source(source), context)
        decided = free & holds(parse_trigger(trigger), context) & keys.any(axis=1)
        attention[decided] = mass * keys[decided] / keys[decided].sum(axis=1, keepdims=True)
        activation[decided] += 10 * mass
        free &= ~decided
    left = 1 - attention.sum(axis=1)
    for query in range(1, T):
        attention[query, rng.integers(1, query + 1)] += 0.2 * left[query]
    attention[:, 0] += 1 - attention.sum(axis=1)
    return Measured(context, activation + rng.uniform(0, 0.1, T), attention)


def noisy(context: Context, rng: np.random.Generator) -> Measured:
    """A window of a head that attends to one random key with nearly all its mass."""
    attention = np.zeros((T, T), np.float32)
    attention[np.arange(T), rng.integers(0, np.arange(T) + 1)] = 0.9
    attention[:, 0] += 0.1
    return Measured(context, rng.uniform(1, 2, T), attention)


def kept(attention: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keys and weights of each row as they are stored: key 0, then the largest of the others."""
    largest = 1 + np.argsort(-attention[:, 1:], axis=1, kind="stable")[:, :KEPT]
    keys = np.concatenate([np.zeros((T, 1), int), largest], axis=1)
    weights = np.take_along_axis(attention, keys, axis=1)
    return np.where(keys <= np.arange(T)[:, None], keys, -1), weights


def stored(
    context: Context, source: str, mass: float, rest: float, rng: np.random.Generator
) -> Measured:
    """A window of a head with `rest` on the first token and a tail on all keys, as stored."""
    keys = keys_of(parse_source(source), context)
    tail = np.tril(rng.random((T, T)))
    attention = mass * keys / np.maximum(keys.sum(axis=1, keepdims=True), 1)
    attention[:, 0] += rest
    left = 1 - attention.sum(axis=1, keepdims=True)
    attention += left * tail / tail.sum(axis=1, keepdims=True)
    rows = dense_attention(*kept(attention.astype(np.float32)))
    assert np.count_nonzero(rows[-1]) == 1 + KEPT
    return Measured(context, rng.uniform(1, 2, T), rows)


def explained(
    make: Callable[[Context, np.random.Generator], Measured],
    settings: Symbolic = SETTINGS,
    stats: dict[str, float] | None = None,
) -> Explanation:
    rng = np.random.default_rng(5)
    train, validation = (
        [make(context, rng) for context in sampled_contexts(rng)] for _ in range(2)
    )
    return explain(ABOUT, train, validation, stats or {}, settings, np.random.default_rng(0))


def follows(rules: Rules, settings: Symbolic = SETTINGS) -> Explanation:
    return explained(lambda context, rng: planted(context, rules, rng), settings)


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("previous_token", "previous-token"),
        ("current_token", "current-token"),
        ("offset(5)", "offset"),
        ("after(same_token, last)", "induction"),
        ("after(same_token, all)", "induction"),
        ("all(same_token)", "duplicate-token"),
        ("last(delimiter)", "delimiter"),
        ("line_start", "line-start"),
        ("open_bracket", "bracket"),
        ("all(digit)", "token-class"),
        ("recent(4)", "local"),
    ],
)
def test_a_planted_rule_is_found(source: str, family: str) -> None:
    found = follows([(source, "any", 0.8)])
    assert found.status == "explained"
    assert found.program is not None
    first = found.program.rules[0]
    assert (first.source, first.trigger) == (source, "any")
    assert first.mass == pytest.approx(0.8, abs=0.05)
    assert found.behaviours[0].family == family
    assert found.behaviours[0].active_when == ""


@pytest.mark.parametrize(
    ("source", "family"),
    [
        ("previous_token", "previous-token"),
        ("after(same_token, last)", "induction"),
        ("last(newline)", "delimiter"),
    ],
)
@pytest.mark.parametrize("rest", [0.0, 0.2])
def test_a_planted_rule_is_found_in_what_is_stored(source: str, family: str, rest: float) -> None:
    found = explained(lambda context, rng: stored(context, source, 0.5, rest, rng))
    assert found.program is not None
    assert found.program.rules[0].source == source
    assert family in [b.family for b in found.behaviours]
    assert found.program.rules[0].mass == pytest.approx(0.5, abs=0.05)


def test_a_sink_is_found_in_what_is_stored() -> None:
    found = explained(lambda context, rng: stored(context, "previous_token", 0.0, 0.87, rng))
    assert found.behaviours[0].family == "sink"
    assert found.behaviours[0].coverage == pytest.approx(0.88, abs=0.02)


@pytest.mark.parametrize(
    "trigger", ["class(function_word)", "after_class(newline)", "seen_before", "inside(brackets)"]
)
def test_a_planted_trigger_is_found(trigger: str) -> None:
    found = follows([("previous_token", trigger, 0.9)])
    assert found.program is not None
    assert (found.program.rules[0].source, found.program.rules[0].trigger) == (
        "previous_token",
        trigger,
    )
    assert "Otherwise rests on the first token" in found.summary


def test_two_behaviours_are_both_found_with_their_figures() -> None:
    rules = [("after(same_token, last)", "seen_before", 0.9), ("previous_token", "any", 0.6)]
    found = follows(rules)
    assert {b.family for b in found.behaviours} == {"induction", "previous-token"}
    assert sum(b.frequency or 0 for b in found.behaviours) == pytest.approx(0.98, abs=0.03)
    induction = next(b for b in found.behaviours if b.family == "induction")
    assert induction.coverage is not None
    assert induction.frequency is not None
    assert induction.coverage == pytest.approx(0.9 * induction.frequency, abs=0.03)
    assert induction.base_rate is not None
    assert induction.base_rate < 0.1 * induction.coverage
    assert "Together this is" in found.summary


def test_no_more_behaviours_than_asked_for() -> None:
    rules = [("after(same_token, last)", "seen_before", 0.9), ("previous_token", "any", 0.9)]
    found = follows(rules, Symbolic(texts=4, max_behaviours=1))
    assert len(found.behaviours) == 1


def test_a_noise_head_is_unexplained() -> None:
    found = explained(noisy)
    assert found.status == "unexplained"
    assert found.program is None
    assert found.behaviours == []
    assert found.positive_texts == found.negative_texts == []
    assert found.reason is not None
    assert found.summary.startswith(found.reason)
    assert "of its attention is on the first token" in found.summary


def test_a_behaviour_below_the_least_coverage_is_not_one() -> None:
    rules = [("previous_token", "class(function_word)", 0.9)]
    assert follows(rules).status == "explained"
    strict = follows(rules, Symbolic(texts=4, min_coverage=0.5))
    assert [b.family for b in strict.behaviours] == ["sink"]


def test_a_head_that_only_rests_is_a_sink() -> None:
    def rests(context: Context, rng: np.random.Generator) -> Measured:
        attention = noisy(context, rng).attention * 0.1
        attention[:, 0] += 0.9
        return Measured(context, rng.uniform(1, 2, T), attention)

    found = explained(rests)
    assert found.status == "explained"
    assert [b.family for b in found.behaviours] == ["sink"]
    assert found.program is not None
    last = found.program.rules[-1]
    assert (last.source, last.trigger) == ("first_token", "any")
    assert last.mass == pytest.approx(0.91, abs=0.02)
    assert found.summary.startswith("Rests on the first token: 9")
    assert found.negative_texts == []


def test_next_to_nothing_is_no_behaviour_of_a_head_that_rests() -> None:
    def rests(context: Context, rng: np.random.Generator) -> Measured:
        attention = 1e-5 * np.tri(T, dtype=np.float32)
        attention[:, 0] = 1
        return Measured(context, rng.uniform(1, 2, T), attention)

    assert [b.family for b in explained(rests).behaviours] == ["sink"]


@pytest.mark.parametrize(("rest", "status"), [(0.75, "explained"), (0.6, "unexplained")])
def test_a_head_rests_if_most_is_on_the_first_token_and_no_rule_is_found(
    rest: float, status: str
) -> None:
    def rests(context: Context, rng: np.random.Generator) -> Measured:
        window = noisy(context, rng)
        attention = (1 - rest) * window.attention
        attention[:, 0] = 0
        attention[:, 0] = 1 - attention.sum(axis=1)
        return Measured(context, window.activation, attention)

    found = explained(rests)
    assert found.status == status
    assert [b.family for b in found.behaviours] == ["sink"] * (status == "explained")


def test_what_a_resting_head_does_besides_is_said() -> None:
    def rests(context: Context, rng: np.random.Generator) -> Measured:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        attention = window.attention * 0.1
        attention[:, 0] += 0.9
        return window._replace(attention=attention)

    found = explained(rests)
    assert [b.family for b in found.behaviours] == ["sink", "previous-token"]
    assert "what is left goes to the previous token" in found.summary


def diffuse(context: Context, rng: np.random.Generator) -> Measured:
    """A window of a head of random logits of little spread, as stored."""
    rows = np.tril(np.exp(0.7 * rng.normal(size=(T, T))))
    rows /= rows.sum(axis=1, keepdims=True)
    return Measured(context, np.ones(T), dense_attention(*kept(rows.astype(np.float32))))


def even(context: Context, rng: np.random.Generator) -> Measured:
    rows = np.tri(T, dtype=np.float32) / np.arange(1, T + 1, dtype=np.float32)[:, None]
    return Measured(context, np.ones(T), dense_attention(*kept(rows)))


EVEN_ENTROPY = float(np.log(np.arange(2, T + 1)).mean())


@pytest.mark.parametrize(("make", "evenness"), [(even, 1.0), (diffuse, 0.92)])
def test_a_head_of_nearly_the_entropy_of_even_attention_attends_to_everything(
    make: Callable[[Context, np.random.Generator], Measured], evenness: float
) -> None:
    """... and what is stored of its attention is not taken for all of it."""
    found = explained(make, stats={"entropy": evenness * EVEN_ENTROPY})
    (behaviour,) = found.behaviours
    assert (behaviour.family, behaviour.active_when, behaviour.frequency) == ("uniform", "", 1)
    assert behaviour.coverage == pytest.approx(behaviour.base_rate, abs=0.02)
    assert found.program is not None
    assert [(r.source, r.trigger) for r in found.program.rules] == [("everything", "any")]
    assert found.program.rules[0].mass == pytest.approx(0.79, abs=0.03)  # (H(64) - 1) / H(63)
    assert found.confidence == pytest.approx(evenness, abs=1e-6)
    assert found.summary == (
        "Spreads its attention over nearly all tokens up to and including the current one: its"
        f" mean entropy is {evenness * EVEN_ENTROPY:.2f} nats, {100 * evenness:.0f} % of that of"
        " even attention. The first token gets 6 %."
    )


@pytest.mark.parametrize("stats", [{"entropy": 0.89 * EVEN_ENTROPY}, {}])
def test_a_head_of_less_entropy_is_unexplained(stats: dict[str, float]) -> None:
    found = explained(diffuse, stats=stats)
    assert found.status == "unexplained"
    assert "all tokens" not in found.summary


def test_a_rule_that_is_found_comes_before_even_attention() -> None:
    def follows_one(context: Context, rng: np.random.Generator) -> Measured:
        return planted(context, [("previous_token", "any", 0.8)], rng)

    found = explained(follows_one, stats={"entropy": EVEN_ENTROPY})
    assert [b.family for b in found.behaviours] == ["previous-token"]


def test_the_share_of_keys_that_are_not_all_stored_is_told_as_the_least() -> None:
    context = Context(range(6), ["<s>", " red", " green", ",", " blue", " 1"])
    attention = np.zeros((6, 6), np.float32)
    attention[5, [0, 2, 5]] = [0.1, 0.3, 0.2]  # 0.4 are on three keys that are not stored
    sources = [parse_source(text) for text in ("all(word)", "last(word)", "everything")]
    triggers = [parse_trigger("class(digit)")]
    sample = measure([Measured(context, np.ones(6), attention)], sources, triggers)
    words, last, everything = (
        facts_of([0], [Found(source, 0, 1.0)], sample) for source in range(3)
    )
    assert [f.share for f in (words, last, everything)] == pytest.approx([0.3, 0.0, 0.9])
    assert [f.unseen for f in (words, last, everything)] == pytest.approx([0.4, 0.0, 0.0])

    told = explained_in_words([Clause("all words", "", words, 0)], words, 0.0, [])
    assert told.startswith(
        "Attends to all words: at least 30 % of its attention where this applies (20 % of tokens)"
        " against 50 % by chance."
    )
    assert "at least" not in explained_in_words([Clause("a", "", last, 0)], last, 0.0, [])


def test_the_head_writes_more_at_some_tokens() -> None:
    """Activation that attention does not tell is found as a rule of the same source."""

    def louder(context: Context, rng: np.random.Generator) -> Measured:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        return window._replace(activation=1 + 3.0 * context.classes["digit"])

    found = explained(louder)
    assert found.program is not None
    assert [r.model_dump(exclude={"mass"}) for r in found.program.rules] == [
        {"source": "previous_token", "trigger": "class(digit)", "activation": 4.0},
        {"source": "previous_token", "trigger": "any", "activation": 1.0},
    ]
    assert len(found.behaviours) == 1
    assert "4.0 times as much when the current token is a number" in found.summary


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


def test_test_texts_are_made_of_validation_text(tmp_path: Path) -> None:
    def rename(row: dict[str, object]) -> None:
        if row["split"] == "train":
            row["pieces"] = [VOCABULARY[t].replace("word", "seen") for t in row["tokens"]]  # type: ignore[attr-defined]

    out = tmp_path / "e.json"
    explain_by_script(write_head(tmp_path, rename), out)
    found = read_record(out, Explanation)
    texts = "".join(found.positive_texts + found.negative_texts)
    assert "word" in texts
    assert "seen" not in texts


@pytest.mark.parametrize("start", [0, 1])
def test_test_texts_are_judged_as_the_model_will_see_them(start: int) -> None:
    """Only behind a special first token does this program tell texts apart, by their length."""
    rng = np.random.default_rng(0)
    contexts = [Context(c.tokens[start:].tolist(), c.pieces[start:]) for c in sampled_contexts(rng)]
    rule = Rule(source="first_token", trigger="after_class(special)", mass=0.5, activation=10)
    program = Program(rules=[rule], rest_activation=1)
    positive, negative = choose_texts(program, contexts, 4, rng)
    assert len(positive) == 4
    assert len(negative) == (0 if start else 4)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_head_that_is_not_finite_has_failed(value: float) -> None:
    def overflows(context: Context, rng: np.random.Generator) -> Measured:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        if rng.random() < 0.5:
            window.activation[7] = value
        return window

    found = explained(overflows)
    assert found.status == "failed"
    assert found.reason is not None
    assert re.match(r"The head's activation is not finite in \d+ of 16 windows", found.reason)
    assert found.summary.startswith(found.reason)
    assert found.program is None
    assert found.positive_texts == []


def test_attention_that_is_not_finite_is_told_of() -> None:
    def overflows(context: Context, rng: np.random.Generator) -> Measured:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        window.attention[9, 3] = np.nan
        return window

    reason = explained(overflows).reason
    assert reason is not None
    assert reason.startswith("The head's attention is not finite in 16 of 16 windows")


def test_a_head_may_write_nothing_somewhere() -> None:
    def silent(context: Context, rng: np.random.Generator) -> Measured:
        window = planted(context, [("previous_token", "any", 0.8)], rng)
        return window._replace(activation=1.0 * ~context.classes["digit"])

    summary = explained(silent).summary
    assert "Writes next to nothing when the current token is a number." in summary


def test_only_clear_contrasts_are_told() -> None:
    assert writes([Contrast(1.4, "a"), Contrast(0.7, "b")]) == ""
    assert writes([Contrast(1.5, "a"), Contrast(0.5, "b"), Contrast(0.01, "c")]) == (
        " Writes 1.5 times as much a as elsewhere, and 0.5 times as much b as elsewhere,"
        " and next to nothing c."
    )


@pytest.mark.parametrize(("share", "told"), [(0.3, True), (0.2, False), (0.1, False)])
def test_the_nearest_rule_is_told_only_above_its_chance(share: float, told: bool) -> None:
    facts = Facts(coverage=0.1, base_rate=0.1, frequency=1.0, share=share, chance=0.2, rest=0.0)
    guess = Clause("all earlier tokens alike", "", facts, 0)
    assert ("The nearest is" in unexplained("No rule", guess, 0.1, {})) is told


def test_a_program_is_executed_from_the_first_rule_on() -> None:
    pieces = ["<s>", " a", " 1", " b", " 1", " c"]
    context = Context([0, 1, 2, 3, 2, 4], pieces)
    program = Program(
        rules=[
            Rule(source="last(same_token)", trigger="class(digit)", mass=0.5, activation=3),
            Rule(source="recent(2)", trigger="any", mass=0.8, activation=2),
        ],
        rest_activation=1,
    )
    found = predict(program, context)
    assert found.activation.tolist() == [1, 2, 2, 2, 3, 2]
    assert found.attention.tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 0.8, 0, 0, 0, 0],
        [0, 0.4, 0.4, 0, 0, 0],
        [0, 0, 0.4, 0.4, 0, 0],
        [0, 0, 0.5, 0, 0, 0],
        [0, 0, 0, 0, 0.4, 0.4],
    ]


def test_dense_attention_leaves_padding_out() -> None:
    found = dense_attention(np.array([[0, -1], [1, 0]]), np.array([[1.0, 0.0], [0.75, 0.25]]))
    assert found.tolist() == [[1.0, 0.0], [0.25, 0.75]]


def rows_of(window: Measured, head: int, split: str, number: int) -> dict[str, object]:
    keys, weights = kept(window.attention)
    return {
        "layer": 2,
        "head": head,
        "split": split,
        "kind": "random",
        "rank": number % WINDOWS,
        "window": number,
        "document": f"document{number}",
        "context_kind": "code",
        "query": 1,
        "peak": 1.0,
        "tokens": window.context.tokens.tolist(),
        "pieces": window.context.pieces,
        "activation": window.activation.tolist(),
        "keys": keys.ravel().tolist(),
        "weights": weights.ravel().tolist(),
        "value_norm": [1.0] * T,
    }


def write_head(folder: Path, spoil: Callable[[dict[str, object]], None] | None = None) -> Path:
    """Events of two heads; of head 1 the rows that `spoil` has been at."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(3 * WINDOWS):
        split = ("train", "validation", "test")[number // WINDOWS]
        context = sampled_contexts(rng, 1)[0]
        rows.append(rows_of(noisy(context, rng), 0, split, number))
        window = planted(context, [("after(same_token, last)", "any", 0.8)], rng)
        rows.append(rows_of(window, 1, split, number))
        if spoil:
            spoil(rows[-1])
    path = folder / "layer02.parquet"
    write_rows(path, rows, EVENTS)
    return path


def run(script: str, *flags: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / script), *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def explain_by_script(events: Path, out: Path, head: int = 1) -> subprocess.CompletedProcess[str]:
    stats = events.with_name("stats.parquet")
    row = {"layer": 2, "head": head, "metric": "entropy", "value": 1.5}
    write_rows(stats, [{**row, "low": 1.0, "high": 2.0, "n": 9}], STATS)
    return run(
        "explain_head.py",
        *("--events", events, "--stats", stats, "--model", "m", "--corpus", "c"),
        *("--explainer", "symbolic", "--round", 0, "--layer", 2, "--head", head),
        *("--max-behaviours", 3, "--min-coverage", 0.1, "--texts", 3, "--seed", 0, "--out", out),
    )


def test_scripts_explain_and_predict(tmp_path: Path) -> None:
    events, out, predicted = write_head(tmp_path), tmp_path / "e.json", tmp_path / "p.parquet"
    assert explain_by_script(events, out).stderr == ""
    found = read_record(out, Explanation)
    assert (found.layer, found.head, found.behaviours[0].family) == (2, 1, "induction")
    assert "(induction)" in found.summary

    done = run("predict_head.py", "--events", events, "--explanation", out, "--out", predicted)
    assert done.stderr == ""
    windows = read_predictions(predicted, (2, 1)).windows
    assert [p.split for p in windows] == ["validation"] * WINDOWS + ["test"] * WINDOWS
    assert [p.window for p in windows] == list(range(WINDOWS, 3 * WINDOWS))
    assert all(len(p.activation) == len(p.attention) == T for p in windows)

    again = tmp_path / "again.json"
    explain_by_script(events, again)
    assert again.read_bytes() == out.read_bytes()


def test_an_unexplained_head_has_predictions_with_the_reason(tmp_path: Path) -> None:
    events, out = write_head(tmp_path), tmp_path / "e.json"
    assert explain_by_script(events, out, head=0).returncode == 0
    found = read_record(out, Explanation)
    assert "its mean entropy is 1.50 nats" in found.summary
    predicted = predictions_of(found, read_texts(events, 0, ["test"]))
    assert (predicted.windows, predicted.reason) == ((), found.reason)


def test_nothing_of_the_test_split_reaches_an_explanation(tmp_path: Path) -> None:
    def spoil(row: dict[str, object]) -> None:
        if row["split"] == "test":
            row["activation"] = [9.0] * T
            row["weights"] = [0.0] * (T * (1 + KEPT))
            row["tokens"], row["pieces"] = [7] * T, [" spoiled"] * T

    (tmp_path / "spoiled").mkdir()
    clean, spoiled = write_head(tmp_path), write_head(tmp_path / "spoiled", spoil)
    outs = tmp_path / "a.json", tmp_path / "b.json"
    for events, out in zip((clean, spoiled), outs, strict=True):
        explain_by_script(events, out)
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert "spoiled" not in json.dumps(read_record(outs[1], Explanation).model_dump())


def test_nothing_of_the_head_reaches_a_prediction(tmp_path: Path) -> None:
    def spoil(row: dict[str, object]) -> None:
        row.update(activation=[9.0] * T, weights=[0.0] * (T * (1 + KEPT)), value_norm=[9.0] * T)

    (tmp_path / "spoiled").mkdir()
    clean, spoiled = write_head(tmp_path), write_head(tmp_path / "spoiled", spoil)
    found = follows([("after(same_token, last)", "any", 0.8)])
    splits = ["validation", "test"]
    first, second = (
        predictions_of(found, read_texts(events, 1, splits)).windows for events in (clean, spoiled)
    )
    assert len(first) == len(second) == 2 * WINDOWS
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.attention, other.attention)
        assert np.array_equal(one.activation, other.activation)


def test_a_head_without_windows_is_reported_in_one_sentence(tmp_path: Path) -> None:
    events = write_head(tmp_path)
    with pytest.raises(InputError, match="head 5 has no random window in the train split"):
        read_measured(events, 5, "train")
    done = explain_by_script(events, tmp_path / "e.json", head=5)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "e.json").exists()

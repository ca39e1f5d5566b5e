"""What is asked of a language model that proposes features, and what is taken of its replies."""

import asyncio
import json

import pytest
from explain_factory import ABOUT, Scripted, event, head_events, table
from golden_files import expect_golden
from hypothesis import given
from hypothesis import strategies as st

from headatlas.event_rows import events_of
from headatlas.explainers.hybrid.propose import Settings, propose
from headatlas.explainers.hybrid.reply import (
    FeatureReply,
    Vocabulary,
    feature_of,
    known_expressions,
)
from headatlas.explainers.llm.prompts import Metric
from headatlas.explainers.symbolic.language import ExpressionError
from headatlas.llm.client import BudgetSpent
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.proposals import Proposals

SETTINGS = Settings("marked", exemplars=3, draws=1, proposals=3, seed=0)
CAT = {"source": "tokens", "source_tokens": [" cat", " cow"], "trigger": "any"}
BAD = {"source": "verbs", "trigger": "any"}


def said(*features: dict[str, object]) -> str:
    """A reply; keys that are left out are empty."""
    empty = {"source_tokens": [], "trigger_tokens": []}
    return json.dumps({"proposals": [empty | feature for feature in features]})


def asked(
    *answers: str | Exception, settings: Settings = SETTINGS
) -> tuple[Proposals, list[list[dict[str, str]]]]:
    """What is made of answers, one after the other, and the prompts."""
    turns = iter(answers)

    def says(sample: int) -> str:
        answer = next(turns)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = Scripted(says)
    made = asyncio.run(propose(ABOUT, head_events(), [], settings, client))
    assert made.usage is not None and made.usage.calls == len(answers)
    return made, [list(map(dict, prompt)) for prompt in client.asked]


def test_the_prompt() -> None:
    metrics = [Metric(name, 0.123456, 0.1, 1 / 3) for name in HEAD_METRICS]
    client = Scripted(lambda _: said())
    asyncio.run(propose(ABOUT, head_events(), metrics, SETTINGS, client))
    (prompt,) = client.asked
    text = "".join(f"=== {m['role']}\n{m['content']}\n" for m in prompt)
    expect_golden("hybrid_prompt.txt", text)
    client = Scripted(lambda _: said())
    asyncio.run(propose(ABOUT, head_events(), [], SETTINGS._replace(format="table"), client))
    assert "offset\ttoken\tactivation\tattention" in client.asked[0][1]["content"]


def test_a_list_is_of_the_tokens_that_occur_in_the_texts() -> None:
    made, prompts = asked(said(CAT))
    (found,) = made.proposals
    ids = {sum(map(ord, " cat")) % 1000}
    assert (found.source, found.trigger) == (f"tokens({min(ids)})", "any")
    assert (found.attends_to, found.active_when) == ("the token “cat”", "")
    assert "cow" in found.said and found.reason is None
    assert (made.language_model, made.reasons, len(prompts)) == ("m", [], 1)


def test_what_is_invalid_is_sent_back_once_with_the_reason() -> None:
    mended = {"source": "after(same_token,last)", "trigger": "at_tokens", "trigger_tokens": ["dog"]}
    made, prompts = asked(said(CAT, BAD), said(mended))
    assert [p.source for p in made.proposals][1:] == ["after(same_token, last)"]
    assert made.proposals[1].active_when == "the current token is the token “dog”"
    assert len(prompts) == 2 and prompts[1][:2] == prompts[0]
    sent_back = prompts[1][-1]["content"]
    assert "verbs when any" in sent_back and "'verbs' is not a source; known: " in sent_back
    assert "cat" not in sent_back


def test_what_is_invalid_again_is_recorded_with_the_reason() -> None:
    made, prompts = asked(said(BAD, CAT), said(BAD, CAT))
    assert len(prompts) == 2
    assert [bool(p.reason) for p in made.proposals] == [False, True]
    assert made.proposals[1].source is None
    assert "'verbs' is not a source" in (made.proposals[1].reason or "")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (("no",) * 3, "the reply holds no JSON object; the model said: no"),
        ((said(),), "the reply lists no feature"),
        ((BudgetSpent("the budget is spent"),), "the budget is spent"),
    ],
)
def test_a_model_that_says_nothing_proposes_nothing(
    answers: tuple[str | Exception, ...], reason: str
) -> None:
    made, _ = asked(*answers)
    assert (made.proposals, made.reasons) == ([], [reason])


def test_of_a_second_reply_that_is_missing_the_first_stays() -> None:
    made, _ = asked(said(CAT, BAD), BudgetSpent("the budget is spent"))
    assert [bool(p.reason) for p in made.proposals] == [False, True]
    assert made.reasons == ["the budget is spent"]


def test_no_more_is_read_than_was_asked_for() -> None:
    made, _ = asked(said(*[CAT] * 5))
    assert len(made.proposals) == SETTINGS.proposals


def test_every_draw_is_asked_with_exemplars_of_its_own() -> None:
    made, prompts = asked(said(CAT), said(CAT), settings=SETTINGS._replace(draws=2))
    assert [p.reply for p in made.proposals] == [0, 1]
    assert prompts[0][1] != prompts[1][1]


def test_a_head_that_is_not_finite_is_not_asked_about() -> None:
    client = Scripted(lambda _: said())
    spoiled = table([event("<s>|a|b", 2, {1: 1.0}, peak=float("inf"))])
    made = asyncio.run(propose(ABOUT, spoiled, [], SETTINGS, client))
    assert not client.asked and made.usage is None
    assert "not finite" in made.reasons[0]


VOCABULARY = Vocabulary(
    events_of(table([event("<s>|the| the|The| a|\n|a b", 2, {1: 1.0})]), ["train"])
)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("the", ["the"]),  # as it is written
        (" the", [" the"]),
        ("a", [" a"]),  # but for the space
        (" The", ["The"]),
        ("\\n", ["\n"]),  # as prompts show it
        ("\n", ["\n"]),
        ("THE", []),
    ],
)
def test_a_token_is_meant_as_it_is_shown(text: str, pieces: list[str]) -> None:
    assert [VOCABULARY.pieces[token] for token in VOCABULARY.ids(text)] == pieces


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        ({"source": "tokens", "source_tokens": []}, "tokens lists no token that occurs"),
        ({"source": "tokens", "source_tokens": ["dog"]}, "tokens lists no token that occurs"),
        ({"source": "first_token"}, "the first token at every query is in every program"),
        ({"source": "everything"}, "'everything' is not one of those given"),
        ({"source": "tokens(5, 6)"}, "'tokens(5, 6)' is not one of those given"),
        (
            {"source": "last(comma)", "source_tokens": ["a"]},
            "only tokens, after_tokens and new_tokens have",
        ),
        ({"source": "last(comma)", "trigger": "at_tokens"}, "at_tokens lists no token that"),
        ({"source": "last(verb)"}, "'last(verb)': 'verb' is not one of"),
        ({"source": "last(comma)", "trigger": "never"}, "'never' is not a trigger; known: any"),
    ],
)
def test_what_is_no_feature_is_told_why(feature: dict[str, object], reason: str) -> None:
    empty = {"source_tokens": [], "trigger": "any", "trigger_tokens": []}
    reply = FeatureReply.model_validate(empty | feature)
    with pytest.raises(ExpressionError, match="^" + reason.replace("(", r"\(").replace(")", r"\)")):
        feature_of(reply, known_expressions(), VOCABULARY)


def test_a_list_has_an_end() -> None:
    pieces = ["a" * n for n in range(1, 31)]
    vocabulary = Vocabulary(
        events_of(table([event("<s>|" + "|".join(pieces), 2, {1: 1.0})]), ["train"])
    )
    reply = FeatureReply(source="tokens", source_tokens=pieces, trigger="any", trigger_tokens=[])
    with pytest.raises(ExpressionError, match=r"tokens lists \d+ tokens; list 24 at most"):
        feature_of(reply, known_expressions(), vocabulary)


WORDS = st.text(max_size=20)
KNOWN = known_expressions()


@given(WORDS, st.lists(WORDS, max_size=3), WORDS, st.lists(WORDS, max_size=3))
def test_whatever_is_said_is_a_feature_or_told_why(
    source: str, source_tokens: list[str], trigger: str, trigger_tokens: list[str]
) -> None:
    reply = FeatureReply(
        source=source,
        source_tokens=source_tokens,
        trigger=trigger,
        trigger_tokens=trigger_tokens,
    )
    assert reply.said
    with pytest.raises(ExpressionError):
        feature_of(reply, KNOWN, VOCABULARY)

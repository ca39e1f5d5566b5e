"""Replies of a given form, from servers that keep to it and servers that do not."""

import asyncio
import json
import time
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llm_factory import HELLO, make_client
from llm_server import Behaviour, LlmServer, in_turn
from pydantic import BaseModel, ConfigDict, Field

from headatlas.llm.client import AskError
from headatlas.llm.schema import strict_schema
from headatlas.llm.structured import Unusable, ask_for, object_in
from headatlas.printable import printable


class Part(BaseModel):
    """A part of a claim."""

    model_config = ConfigDict(extra="forbid")

    title: str
    strength: int = Field(default=1, ge=0, le=3)


class Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim: str = Field(description="in a sentence", min_length=1)
    side: Literal["query", "key"] | None = None
    parts: list[Part] = Field(min_length=1)


GOOD: dict[str, Any] = {
    "claim": "It looks back",
    "side": None,
    "parts": [{"title": "a", "strength": 2}],
}
TEXT = json.dumps(GOOD)
CLAIM = Claim.model_validate(GOOD)
FULL = (10, 1000)  # tokens of a prompt, and all that a reply may have


def ask(server: LlmServer, replies: Path, output: str = "plain", **options: Any) -> Claim:
    client = make_client(server, replies, output=output)
    return asyncio.run(ask_for(client, HELLO, Claim, **options))


@pytest.mark.parametrize(
    ("output", "form"),
    [
        ("json_schema", {"name": "Claim", "schema": strict_schema(Claim), "strict": True}),
        ("json_object", None),
        ("plain", None),
    ],
)
def test_the_server_is_asked_for_json_as_it_can(tmp_path: Path, output: str, form: object) -> None:
    with LlmServer(lambda body: TEXT) as server:
        assert ask(server, tmp_path, output) == CLAIM
    sent = server.requests[0].body.get("response_format")
    if output == "plain":
        assert sent is None
    else:
        assert sent == {"type": output} | ({"json_schema": form} if form else {})


def test_a_strict_schema() -> None:
    part = {
        "type": "object",
        "description": "A part of a claim.",
        "properties": {"title": {"type": "string"}, "strength": {"type": "integer"}},
        "required": ["title", "strength"],
        "additionalProperties": False,
    }
    assert strict_schema(Claim) == {
        "type": "object",
        "$defs": {"Part": part},
        "properties": {
            "claim": {"type": "string", "description": "in a sentence"},
            "side": {"anyOf": [{"type": "string", "enum": ["query", "key"]}, {"type": "null"}]},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        },
        "required": ["claim", "side", "parts"],
        "additionalProperties": False,
    }


def test_a_strict_schema_of_references_with_descriptions_and_of_choices() -> None:
    class Side(Enum):
        QUERY = "query"

    class Cat(BaseModel):
        kind: Literal["cat"]

    class Dog(BaseModel):
        kind: Literal["dog"]

    class Owner(BaseModel):
        side: Side = Field(description="nothing may stand beside a reference")
        pet: Cat | Dog = Field(discriminator="kind")

    schema = strict_schema(Owner)
    assert schema["properties"]["side"] == {"$ref": "#/$defs/Side"}
    assert schema["properties"]["pet"] == {
        "anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    }
    assert schema["$defs"]["Side"] == {"type": "string", "enum": ["query"]}
    assert schema["$defs"]["Cat"]["properties"] == {"kind": {"type": "string", "const": "cat"}}


def test_a_schema_of_unknown_keys_is_refused() -> None:
    class Free(BaseModel):
        counts: dict[str, int]

    with pytest.raises(ValueError, match="any keys"):
        strict_schema(Free)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"  \n{TEXT}\n",
        f"\ufeff{TEXT}",
        f"```json\n{TEXT}\n```",
        f"```\n{TEXT}\n```",
        f"Here {{as asked}} is the object:\n{TEXT}\nIs {{}} all right?",
        f'<think>Perhaps {{"claim": 1}}? No.</think>\n{TEXT}',
        f'the prompt opened this {{"claim": 1}}</think>{TEXT}',
        json.dumps(GOOD, indent=2),
        f'Of the form {{"claim": ..., "parts": [...]}}, as you asked:\n{TEXT}',
        f"[THINK]{{}}[/THINK]{TEXT}",
        f"<thinking>{{}}</thinking><think>{{}}</think>{TEXT}",
    ],
)
@pytest.mark.parametrize("output", ["json_schema", "plain"])
def test_the_object_is_found_in_what_stands_around_it(
    tmp_path: Path, text: str, output: str
) -> None:
    with LlmServer(lambda body: text) as server:
        assert ask(server, tmp_path, output, repairs=0) == CLAIM


@pytest.mark.parametrize("raw", ["two\nlines", "a\ttab", "a\r\nreturn"])
def test_a_line_break_in_a_string_is_read(tmp_path: Path, raw: str) -> None:
    text = TEXT.replace("It looks back", raw)
    with LlmServer(lambda body: text) as server:
        assert ask(server, tmp_path, repairs=0).claim == raw.replace("\r\n", "\n")
        assert len(server.requests) == 1


def test_what_json_hides_of_terminal_escapes_is_taken_out(tmp_path: Path) -> None:
    text = TEXT.replace("It looks back", r"\u001b[31mIt \u009b2Jlooks\u0007 back\u0000")
    with LlmServer(lambda body: text) as server:
        assert ask(server, tmp_path) == CLAIM


@pytest.mark.parametrize(
    "cut",
    [
        Behaviour("", finish="length", usage=FULL, message={"reasoning": "Hm"}),
        Behaviour(None, finish="length", usage=None, message={"reasoning_content": "Hm"}),
        Behaviour(f"<think>Perhaps {TEXT}, or", finish="length", usage=FULL),
        Behaviour("", finish="max_tokens", usage=FULL, message={"reasoning": "Hm"}),
    ],
)
def test_who_thought_until_the_end_is_not_asked_to_be_shorter(
    tmp_path: Path, cut: Behaviour
) -> None:
    hint = "thoughts took all of max_tokens .* a larger max_tokens of its endpoint does"
    with LlmServer(lambda body: cut) as server, pytest.raises(Unusable, match=hint):
        ask(server, tmp_path)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("cut", "what"),
    [
        (Behaviour(TEXT[:20], finish="length", usage=(1800, 248)), "reply was"),
        (Behaviour("<think>Hm", finish="length", usage=(1800, 248)), "model's thoughts were"),
    ],
)
def test_where_the_window_is_full_no_longer_prompt_is_sent(
    tmp_path: Path, cut: Behaviour, what: str
) -> None:
    hint = f"the {what} cut off after 248 tokens, before max_tokens .1,000.: .* a larger window"
    with LlmServer(lambda body: cut) as server, pytest.raises(Unusable, match=hint):
        ask(server, tmp_path)
    assert len(server.requests) == 1


def test_who_goes_on_after_the_object_until_it_is_cut_off_has_said_it(tmp_path: Path) -> None:
    going_on = Behaviour(f"{TEXT}\nI hope that this hel", finish="length", usage=FULL)
    with LlmServer(lambda body: going_on) as server:
        assert ask(server, tmp_path, repairs=0) == CLAIM


def test_a_reply_without_bottom_is_refused_at_once() -> None:
    for text in ('{"a":' * 100_000, "{" * 100_000, '{"a' * 100_000, '{"a":"' * 100_000):
        began = time.monotonic()
        with pytest.raises(ValueError, match=r"nested too deep|no JSON object|is broken"):
            object_in(text)
        assert time.monotonic() - began < 5


def test_marks_of_thought_in_the_object_belong_to_it(tmp_path: Path) -> None:
    odd = GOOD | {"claim": "It attends to </think> and ```"}
    with LlmServer(lambda body: json.dumps(odd)) as server:
        assert ask(server, tmp_path).claim == odd["claim"]


WRONG = [
    (Behaviour(""), "the reply is empty"),
    (Behaviour(None), "the reply is empty"),
    (Behaviour("  \n"), "the reply is empty"),
    (Behaviour("<think>hm</think>"), "the reply is empty"),
    (Behaviour("I do not know."), "no JSON object"),
    (Behaviour(TEXT[:-5]), r"object is broken \(Expecting"),
    (Behaviour(TEXT[:20]), r"object is broken \(Unterminated"),
    (Behaviour(TEXT[:-2] + "}"), r"object is broken \(Expecting ',' delimiter"),
    (Behaviour(TEXT.replace(",", "", 1)), r"object is broken \(Expecting ',' delimiter"),
    (Behaviour(f"{TEXT[:-1]}, {TEXT[1:]}"), "claim is there twice"),
    (Behaviour(f"<think>Perhaps {TEXT}"), "the reply is empty"),
    (Behaviour("", finish="tool_calls"), "the reply is empty, its finish_reason tool_calls"),
    (Behaviour(TEXT[:-5], finish="length", usage=FULL), "cut off at max_tokens"),
    (Behaviour(None, finish="length", usage=FULL), "cut off at max_tokens"),
    (Behaviour('{"claim": 1} and so', finish="length", usage=FULL), "claim: Input should be"),
    # held to JSON, and not to a schema, models go on with line breaks
    (Behaviour('{"claim": 1}' + "\n" * 50, finish="length", usage=FULL), "claim: Input should be"),
    (Behaviour("{// so:\n" + TEXT[1:]), "the JSON object is broken"),
    (Behaviour(f"[{TEXT}]"), "is a list"),
    (Behaviour(f"```json\n[\n{TEXT}]\n```"), "is a list"),
    (Behaviour("[]"), "no JSON object"),
    (Behaviour("{}"), "claim: Field required"),
    (Behaviour('{"claim": 1, "parts": 2}'), "claim: Input should be a valid string; parts: "),
    (Behaviour(json.dumps(GOOD | {"claim": ""})), "claim: String should have at least 1"),
    (Behaviour(json.dumps(GOOD | {"more": 1})), "more: Extra inputs are not permitted"),
    (Behaviour('{"claim": "\\ud83d", "parts": []}'), "parts: List should have at least 1"),
    (Behaviour('{"claim": ' + "1" * 5000 + "}"), "object is broken"),
    (Behaviour('{"a":' * 20_000), "nested too deep"),
]


@pytest.mark.parametrize(("wrong", "reason"), WRONG)
def test_a_wrong_reply_is_sent_back_with_the_reason(
    tmp_path: Path, wrong: Behaviour, reason: str
) -> None:
    with LlmServer(in_turn(wrong, TEXT)) as server:
        assert ask(server, tmp_path) == CLAIM
    first, second = (received.body["messages"] for received in server.requests)
    assert first == HELLO
    assert second[:-2] == first
    assert second[-2] == {"role": "assistant", "content": (wrong.text or "").strip() or "(nothing)"}
    assert second[-1]["role"] == "user"


@pytest.mark.parametrize(("wrong", "reason"), WRONG)
def test_what_stays_wrong_is_unusable(tmp_path: Path, wrong: Behaviour, reason: str) -> None:
    with LlmServer(lambda body: wrong) as server, pytest.raises(Unusable, match=reason):
        ask(server, tmp_path, repairs=1)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (Behaviour(None, refusal="I cannot help"), "the model refused to answer: I cannot help"),
        (Behaviour(None, refusal="no " * 9999), f"the model refused to answer: {'no ' * 100}"),
        (Behaviour(TEXT, finish="content_filter"), "the model refused to answer"),
    ],
)
def test_a_refusal_is_final(tmp_path: Path, refusal: Behaviour, reason: str) -> None:
    with LlmServer(lambda body: refusal) as server, pytest.raises(Unusable) as caught:
        ask(server, tmp_path)
    assert str(caught.value) == reason
    assert len(server.requests) == 1


def test_the_last_reason_counts_and_every_reply_is_paid_once(tmp_path: Path) -> None:
    answers = "no", "{}", f"[{TEXT}]"
    with LlmServer(in_turn(*answers)) as server:
        client = make_client(server, tmp_path)
        for _ in range(2):
            with pytest.raises(Unusable, match=r"is a list, .*; the model said: .*looks back"):
                asyncio.run(ask_for(client, HELLO, Claim))
        assert len(server.requests) == 3
    assert client.usage.calls == 3


def test_a_check_of_the_caller_is_part_of_it(tmp_path: Path) -> None:
    def check(claim: Claim) -> None:
        if "back" in claim.claim:
            raise ValueError("the claim is too vague")

    better = json.dumps(GOOD | {"claim": "It looks ahead"})
    with LlmServer(in_turn(TEXT, better)) as server:
        assert ask(server, tmp_path, check=check).claim == "It looks ahead"
    assert "the claim is too vague" in server.requests[1].body["messages"][-1]["content"]


def test_unknown_keys_are_ignored_where_the_kind_ignores_them(tmp_path: Path) -> None:
    class Loose(BaseModel):
        claim: str

    with LlmServer(lambda body: TEXT) as server:
        client = make_client(server, tmp_path)
        assert asyncio.run(ask_for(client, HELLO, Loose)) == Loose(claim="It looks back")


def test_a_reply_that_cannot_be_had_is_another_matter(tmp_path: Path) -> None:
    refuses = LlmServer(lambda body: Behaviour("no", status=403))
    with refuses as server, pytest.raises(AskError, match="status 403"):
        ask(server, tmp_path)


def test_samples_differ(tmp_path: Path) -> None:
    with LlmServer(lambda body: json.dumps(GOOD | {"claim": str(len(server.requests))})) as server:
        claims = [ask(server, tmp_path, sample=n).claim for n in (0, 1, 0)]
    assert claims == ["1", "2", "1"]


@settings(max_examples=50)
@given(st.text(), st.dictionaries(st.text(), st.text() | st.integers(), max_size=3), st.text())
def test_an_object_is_found_behind_any_prose_without_braces(
    before: str, found: dict[str, Any], after: str
) -> None:
    prose = before.replace("{", "").replace("[", "").replace("<", "")
    seen = {printable(k): printable(v) if isinstance(v, str) else v for k, v in found.items()}
    assert json.loads(object_in(prose + json.dumps(found) + after)) == seen

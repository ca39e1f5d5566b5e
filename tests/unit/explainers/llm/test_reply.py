"""Which replies are accepted as explanations, and what is said of the others."""

import re

import pytest
from explain_factory import ABOUT, reply
from pydantic import ValidationError

from headatlas.explainers.llm.english import is_english
from headatlas.explainers.llm.prompts import Evidence, explain_messages, worked_examples
from headatlas.explainers.llm.reply import (
    MAX_SUMMARY,
    BehaviourReply,
    ExplanationReply,
    ReasonedReply,
    ReasonedWritingReply,
    WritingReply,
    check_reply,
    explanation_of,
    plain,
)
from headatlas.llm.schema import strict_schema

BEHAVIOUR = {"name": "n", "attends_to": "the token", "active_when": "", "purpose": ""}


def read(**changes: object) -> ExplanationReply:
    found = ExplanationReply.model_validate_json(reply(2, **changes))
    check_reply(found, 2)
    return found


def flaw(**changes: object) -> str:
    """What the model is told of a reply with these changes."""
    with pytest.raises(ValueError) as raised:
        read(**changes)
    if isinstance(raised.value, ValidationError):
        first = raised.value.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(raised.value)


def test_a_good_reply_becomes_a_record() -> None:
    found = explanation_of(ABOUT, read())
    assert (found.layer, found.head, found.round, found.status) == (1, 2, 0, "explained")
    assert found.summary == "Attends to the earlier occurrence of the current token."
    assert found.confidence == 0.75
    assert found.program is None and found.reason is None
    assert found.positive_texts == ["a cat, a cat, 0", "a cat, a cat, 1"]
    behaviour = found.behaviours[0]
    assert behaviour.family == "duplicate token"
    assert behaviour.active_when == "the current token has occurred before"
    assert (behaviour.share, behaviour.baseline, behaviour.frequency) == (None, None, None)


SAID: dict[str, object] = {"writes": "raises the token.", "claims": ["raises attended"]}


def test_who_copies_the_form_has_explained_nothing() -> None:
    """Small models fill in what the prompt's form, or the schema's description, has there."""
    known = Evidence(additions=worked_examples()[0].additions)
    form = explain_messages([], known, "marked", 0, 2)[0]["content"]
    for kind in (BehaviourReply, WritingReply):
        for name, field in kind.model_fields.items():
            if field.annotation is not str:
                continue
            shown = re.search(rf'"{name}": "(.*)"', form)
            assert shown
            for text in (shown[1], field.description):
                with pytest.raises(ValidationError, match=f"(?s){name}.*repeats the words of the"):
                    kind.model_validate({name: text})
    kept = BehaviourReply(**BEHAVIOUR | {"name": "short names", "purpose": "what is to come"})
    assert (kept.name, kept.purpose) == ("short names", "what is to come")


def test_what_it_writes_is_kept_in_words_and_as_claims() -> None:
    found = WritingReply.model_validate_json(reply(2, **SAID))
    check_reply(found, 2)
    record = explanation_of(ABOUT, found)
    assert record.writing == "raises the token."
    assert [(c.effect, c.object) for c in record.write_claims] == [("raises", "attended")]
    plain_record = explanation_of(ABOUT, found.as_kind(ExplanationReply))
    assert (plain_record.writing, plain_record.write_claims) == ("", [])
    assert WritingReply.model_validate_json(reply(2, writes="", claims=[])).claims == []


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (["raises hope"], "claims has 'raises hope'; choose from raises attended, lowers att"),
        (["raises current", "lowers current"], "claims has the same token twice"),
        ([f"lowers {t}" for t in ("current", "attended", "after_attended")], "give 2 at most"),
    ],
)
def test_claims_that_are_not_offered_or_contradict_are_refused(
    claims: list[str], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        WritingReply.model_validate_json(reply(2, **SAID | {"claims": claims}))


def test_servers_that_hold_to_a_schema_are_told_the_claims() -> None:
    schema = strict_schema(WritingReply)
    assert schema["properties"]["claims"]["items"]["enum"][:2] == [
        "raises attended",
        "lowers attended",
    ]
    assert {"writes", "claims"} <= {*schema["required"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"summary": " \n"}, "summary: Value error, is empty; write what is asked for"),
        ({"summary": "the " * 200}, f"has 799 characters; write at most {MAX_SUMMARY}"),
        ({"summary": "Attends to ⟦the token⟧."}, "summary: Value error, contains ⟦ ⟧, which"),
        ({"behaviours": []}, "behaviours has 0 entries; give 1 to 5"),
        ({"behaviours": [BEHAVIOUR] * 6}, "behaviours has 6 entries; give 1 to 5"),
        ({"behaviours": [BEHAVIOUR | {"attends_to": ""}]}, "behaviours.0.attends_to: Value error"),
        ({"behaviours": [{"name": "n"}]}, "behaviours.0.attends_to: Field required"),
        ({"confidence": 80}, "confidence is 80; give a number from 0 to 1"),
        ({"confidence": "high"}, "confidence: Input should be a valid number"),
        ({"positive_texts": ["a"]}, "positive_texts has 1 texts; give 2"),
        ({"negative_texts": ["a", "b", "c"]}, "negative_texts has 3 texts; give 2"),
        ({"negative_texts": ["a", "a"]}, "negative_texts has the same text twice"),
        ({"negative_texts": ["n", "a cat, a cat, 1"]}, "'a cat, a cat, 1' is among the positive"),
        ({"positive_texts": ["a", "  "]}, "positive_texts.1: Value error, is empty; write a text"),
        ({"positive_texts": ["a", "⟨1|b⟩"]}, "positive_texts.1: Value error, contains ⟨ ⟩"),
        ({"positive_texts": ["a", "b" * 2001]}, "positive_texts.1: Value error, has 2001"),
        ({"notes": ""}, "notes: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(changes: dict[str, object], said: str) -> None:
    assert said in flaw(**changes)


ENGLISH = [
    "Attends to the previous token.",
    "Copies the name that was mentioned before, such as “Катя” or “Jürgen”.",
    'Attends from German articles ("der", "die", "das", "dem", "den", "ein") to their nouns.',
    "Attends to `<div>` and other opening tags when the current token closes one.",
    "Induction: attends to the token that followed an earlier occurrence of the current token.",
]
OTHERS = [
    "Achtet auf das vorherige Token, wenn das aktuelle Token ein Wort fortsetzt.",
    "Der Kopf beachtet das Token vor dem aktuellen Token und kopiert es.",
    "Prête attention au token précédent, quand le token courant est une ponctuation.",
    "La tête regarde les tokens qui suivent les occurrences précédentes du token.",
    "Atiende al token anterior cuando la palabra se repite.",
    "Presta atenção ao token anterior quando a palavra se repete.",
    "Обращает внимание на предыдущий токен, когда слово повторяется.",
    "当当前标记重复时,注意前一个标记。",
    "トークンが繰り返されると、前のトークンに注目する。",
    "",
    "1234 !!",
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_accepted(text: str) -> None:
    assert is_english(text)
    behaviour = BEHAVIOUR | {"attends_to": text}
    assert read(summary=text, behaviours=[behaviour]).summary == text


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages_are_refused(text: str) -> None:
    assert not is_english(text)


def test_a_reply_in_another_language_is_sent_back() -> None:
    behaviour = BEHAVIOUR | {"attends_to": "das Token vor dem aktuellen"}
    said = "summary and behaviours are not in English; write them in English"
    assert flaw(summary=OTHERS[0], behaviours=[behaviour]) == said
    texts = {"positive_texts": OTHERS[:2], "negative_texts": OTHERS[2:4]}
    assert read(**texts).positive_texts == OTHERS[:2]  # a head may be about such texts


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  the\n token\tbefore ", "the token before"),
        ("**Attends** to the **last** token", "Attends to the last token"),
        ("**Attends to the last token.**", "Attends to the last token."),
        ("*the token*", "the token"),
        ("`def`", "def"),
        ("the token `def` before it", "the token `def` before it"),
        ("<div> and <b>, as in <b>x</b>", "<div> and <b>, as in <b>x</b>"),
        ("the name after **kwargs or *args", "the name after **kwargs or *args"),
        ("f(**a, **b)", "f(**a, **b)"),
        ("2**3**4 and a ** b ** c", "2**3**4 and a ** b ** c"),
        ("names such as __init__", "names such as __init__"),
    ],
)
def test_emphasis_is_removed_and_objects_of_the_explanation_are_kept(text: str, kept: str) -> None:
    assert plain(text) == kept


@pytest.mark.parametrize(
    ("clause", "kept"),
    [
        ("When the token repeats.", "the token repeats"),
        ("whenever it repeats", "it repeats"),
        ("Always.", ""),
        ("at every token", ""),
        ("-", ""),
        ("always after a name", "always after a name"),
    ],
)
def test_clauses_can_follow_the_word_when(clause: str, kept: str) -> None:
    found = read(behaviours=[BEHAVIOUR | {"active_when": clause}])
    assert found.behaviours[0].active_when == kept


def test_test_texts_are_kept_as_they_are() -> None:
    texts = ["def f():\n    **x** ", "<script>\u202e\x00"]
    assert read(positive_texts=texts).positive_texts == texts


def test_reasons_come_before_what_follows_from_them() -> None:
    """A model writes a reply from its beginning to its end."""
    for kind in (ReasonedReply, ReasonedWritingReply):
        assert [*kind.model_fields][:2] == ["reasons", "summary"]
        assert next(iter(strict_schema(kind)["properties"])) == "reasons"
    found = ReasonedReply.model_validate_json(reply(2, reasons="The key is one token back."))
    assert "one token back" not in explanation_of(ABOUT, found).model_dump_json()
    with pytest.raises(ValidationError):
        ReasonedReply.model_validate_json(reply(2))

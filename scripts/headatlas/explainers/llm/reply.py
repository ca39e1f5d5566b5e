"""What a language model replies when it explains a head, and what is accepted of it."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ...records.explanation import Behaviour, Explanation
from ...records.head import HeadRecord
from .english import is_english
from .text import MARKS
from .writing import CLAIMS, check_claims, stated

MAX_SUMMARY, MAX_PHRASE, MAX_NAME, MAX_TEXT = 600, 300, 60, 2000  # characters
_TITLE = 10  # words
MAX_BEHAVIOURS = 5
_BOLD = re.compile(r"(?<![\w*])\*\*(?=[^\s*])([^*]*[^\s*])\*\*(?![\w*])")
_AROUND = re.compile(r"(\*+|`+)([^*`]+)\1")  # emphasis of the whole string
# What the prompt's form has in the place of a phrase: who copies it has explained nothing.
_FORM = re.compile(
    r"(one sentence:|noun phrase:|short name(,| of the behaviour)|clause that could follow the word"
    r"|what it seems to be for)",
    re.IGNORECASE,
)
_ALWAYS = re.compile(r"(always|at (all|every) tokens?|\W*)\.?", re.IGNORECASE)


def plain(text: str) -> str:
    """A phrase with single spaces, without Markdown's bold and marks around the whole of it.

    Any other mark-up, such as `<div>` or `**kwargs`, may be what the phrase is about.
    """
    text = _BOLD.sub(r"\1", " ".join(text.split()))
    if around := _AROUND.fullmatch(text):
        text = around[2].strip()
    return text


def _phrase(longest: int, *, required: bool) -> AfterValidator:
    def checked(text: str) -> str:
        text = plain(text)
        if required and not text:
            raise ValueError("is empty; write what is asked for")
        if len(text) > longest:
            raise ValueError(f"has {len(text)} characters; write at most {longest}")
        if _FORM.match(text):
            raise ValueError("repeats the words of the form; write what is so of this head")
        return _without_marks(text)

    return AfterValidator(checked)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write a text")
    if len(text) > MAX_TEXT:
        raise ValueError(f"has {len(text)} characters; write at most {MAX_TEXT}")
    return _without_marks(text)


def _without_marks(text: str) -> str:
    found = [mark for mark in MARKS if mark in text]
    if found:
        raise ValueError(
            f"contains {' '.join(found)}, which marks tokens in the exemplars; leave it out"
        )
    return text


def _clause(text: str) -> str:
    """A clause that can follow the word when; empty if it says always."""
    text = re.sub(r"^when(ever)? ", "", text, flags=re.IGNORECASE).rstrip(".")
    return "" if _ALWAYS.fullmatch(text) else text


def _claims(claims: list[str]) -> list[str]:
    check_claims(claims)
    return claims


# A name that is not offered is refused with a sentence, by servers that hold to a schema at once.
_Offered = Annotated[str, Field(json_schema_extra={"enum": list(CLAIMS)})]
TestText = Annotated[str, AfterValidator(_text)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class BehaviourReply(_Reply):
    """One thing that the head does."""

    name: Annotated[str, _phrase(MAX_NAME, required=True)] = Field(
        description="short name of the behaviour, such as induction"
    )
    attends_to: Annotated[str, _phrase(MAX_PHRASE, required=True)] = Field(
        description="noun phrase: what the head attends to"
    )
    active_when: Annotated[str, _phrase(MAX_PHRASE, required=False), AfterValidator(_clause)] = (
        Field(description="clause that could follow the word when; empty if always")
    )
    purpose: Annotated[str, _phrase(MAX_PHRASE, required=False)] = Field(
        description="what it seems to be for; empty if unknown"
    )


class ExplanationReply(_Reply):
    """The explanation of a head in a language model's words."""

    summary: Annotated[str, _phrase(MAX_SUMMARY, required=True)] = Field(
        description="one sentence: what the head attends to, and when it is active"
    )
    behaviours: list[BehaviourReply] = Field(description="the most important first")
    confidence: float = Field(description="from 0 to 1")
    positive_texts: list[TestText] = Field(description="texts in which the head is active")
    negative_texts: list[TestText] = Field(description="texts in which it is not")


class WritingReply(ExplanationReply):
    """The same, and what the head writes, where the evidence of that was shown."""

    writes: Annotated[str, _phrase(MAX_PHRASE, required=False)] = Field(
        description="clause that could follow the words the head: what it does to the next token; "
        "empty if unknown"
    )
    claims: Annotated[list[_Offered], AfterValidator(_claims)] = Field(
        description="which of the claims offered are right"
    )

    def as_kind(self, kind: type[ExplanationReply]) -> ExplanationReply:
        """As much of it as another kind of reply asks for."""
        return kind.model_validate(self.model_dump(include={*kind.model_fields}))


# The reasons come first in the reply, so that the explanation follows from them. They are in the
# cache of replies and in no record: who judges an explanation sees it alone.
class _Reasons(_Reply):
    reasons: str = Field(
        description="what the exemplars have in common and what sets the weak ones apart, which "
        "other readings they rule out, and what follows"
    )


class ReasonedReply(ExplanationReply, _Reasons):
    """An explanation after its reasons."""


class ReasonedWritingReply(WritingReply, _Reasons):
    """Likewise with what the head writes."""


def check_reply(reply: ExplanationReply, texts: int) -> None:
    """Raise ValueError, with a sentence that the model can act on, if a reply is not as asked.

    `texts` is how many test texts of each kind were asked for.
    """
    if not 1 <= len(reply.behaviours) <= MAX_BEHAVIOURS:
        raise ValueError(
            f"behaviours has {len(reply.behaviours)} entries; give 1 to {MAX_BEHAVIOURS}"
        )
    if not 0 <= reply.confidence <= 1:
        raise ValueError(f"confidence is {reply.confidence:g}; give a number from 0 to 1")
    for name in ("positive_texts", "negative_texts"):
        found = getattr(reply, name)
        if len(found) != texts:
            raise ValueError(f"{name} has {len(found)} texts; give {texts}")
        if len(set(found)) != len(found):
            raise ValueError(f"{name} has the same text twice; give {texts} different texts")
    if shared := set(reply.positive_texts) & set(reply.negative_texts):
        raise ValueError(
            f"{sorted(shared)[0]!r} is among the positive_texts and the negative_texts; "
            "a text can be in one of them only"
        )
    prose = [reply.summary]
    for behaviour in reply.behaviours:
        prose += [behaviour.attends_to, behaviour.active_when, behaviour.purpose]
    if isinstance(reply, WritingReply):
        prose.append(reply.writes)
    if not is_english(" . ".join(prose)):
        raise ValueError("summary and behaviours are not in English; write them in English")


def title_of(reply: ExplanationReply) -> str:
    """The names of the first behaviours, as many as make ten words, or the summary's first."""
    words = "; ".join(behaviour.name for behaviour in reply.behaviours).split() or (
        reply.summary.split()
    )
    title = " ".join(words[:_TITLE]).rstrip(";")
    return title if len(words) <= _TITLE else f"{title} …"


def explanation_of(about: HeadRecord, reply: ExplanationReply) -> Explanation:
    """The record of a reply. What is measured of a behaviour is not known from it."""
    writes, claims = (reply.writes, reply.claims) if isinstance(reply, WritingReply) else ("", [])
    return Explanation(
        **about.model_dump(),
        status="explained",
        reason=None,
        title=title_of(reply),
        summary=reply.summary,
        behaviours=[
            Behaviour(
                attends_to=behaviour.attends_to,
                active_when=behaviour.active_when,
                family=behaviour.name,
                purpose=behaviour.purpose,
            )
            for behaviour in reply.behaviours
        ],
        writing=writes,
        write_claims=stated(claims),
        program=None,
        confidence=reply.confidence,
        positive_texts=reply.positive_texts,
        negative_texts=reply.negative_texts,
    )

"""The messages that ask for an explanation of a head, and for a better one."""

import functools
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...llm.client import Message
from ...records.explanation import Explanation
from .exemplars import KEYS, LEAST, LEVELS, Excerpt, Format, attention_of, percent, shown_as
from .misses import Miss
from .rendering import TEMPLATES, render
from .reply import (
    MAX_BEHAVIOURS,
    ExplanationReply,
    ReasonedReply,
    ReasonedWritingReply,
    WritingReply,
)
from .writing import CLAIMS, MOST_CLAIMS, Addition, offered


class Metric(NamedTuple):
    """A head metric: its mean over many windows, and the ends of the mean's interval."""

    metric: str
    value: float
    low: float
    high: float


class Evidence(NamedTuple):
    """What is known of a head beside its exemplars."""

    metrics: Sequence[Metric] = ()
    hypothesis: str | None = None  # summary of an explanation by rules
    additions: Sequence[
        Addition
    ] = ()  # to the logits; where there are some, what it writes is asked
    reasoned: bool = False  # no evidence, but reasons are asked for before the explanation

    @property
    def reply(self) -> type[ExplanationReply]:
        """The reply that is asked for."""
        if self.reasoned:
            return ReasonedWritingReply if self.additions else ReasonedReply
        return WritingReply if self.additions else ExplanationReply


class Shown(NamedTuple):
    """An excerpt in words; `text` alone holds text of the corpus."""

    level: str
    attention: str
    text: str


class WorkedExample(NamedTuple):
    """A head made up to show what is asked for: exemplars and the reply to them."""

    excerpts: list[Excerpt]
    additions: list[Addition]
    reply: ReasonedWritingReply

    def asked(self, evidence: Evidence) -> tuple[Evidence, ExplanationReply]:
        """What of the evidence of a prompt the example has too, and its reply to that."""
        additions = self.additions if evidence.additions else ()
        known = Evidence(additions=additions, reasoned=evidence.reasoned)
        return known, self.reply.as_kind(evidence.reply)


def explain_messages(
    excerpts: Sequence[Excerpt], evidence: Evidence, form: Format, few_shot: int, texts: int
) -> list[Message]:
    """The prompt of a first explanation, after `few_shot` worked examples.

    `texts` is the number of test texts asked for of each kind.
    """
    messages = [_system(form, evidence)]
    for example in worked_examples()[:few_shot]:
        known, reply = example.asked(evidence)
        given = min(texts, len(reply.positive_texts))
        reply = reply.model_copy(
            update={
                "positive_texts": reply.positive_texts[:given],
                "negative_texts": reply.negative_texts[:given],
            }
        )
        messages += [
            _question(example.excerpts, known, form, given),
            {"role": "assistant", "content": reply.model_dump_json(indent=2)},
        ]
    return [*messages, _question(excerpts, evidence, form, texts)]


def revise_messages(
    excerpts: Sequence[Excerpt],
    evidence: Evidence,
    previous: Explanation,
    misses: Sequence[Miss],
    *,
    asked: int,
    wrong: int,
    form: Format,
    texts: int,
) -> list[Message]:
    """The prompt of a revision, with `misses` out of `wrong` wrong answers among `asked`."""
    values = _values(excerpts, evidence, form, texts) | {
        "previous": _told(previous, evidence),
        "misses": [
            {"sentence": miss.sentence, "shown": shown_of(miss.excerpt, form)} for miss in misses
        ],
        "asked": asked,
        "wrong": wrong,
    }
    return [_system(form, evidence), _user(render("revise_user.jinja", **values))]


def shown_of(part: Excerpt, form: Format) -> Shown:
    """An exemplar as the templates show it."""
    level = f"{part.level} of {LEVELS}, median in this text {part.median}"
    return Shown(level, attention_of(part), shown_as(form, part))


@functools.cache
def worked_examples() -> list[WorkedExample]:
    """The examples of the template folder, which are of no real head."""
    examples = json.loads((TEMPLATES / "worked_examples.json").read_text(encoding="utf-8"))
    return [
        WorkedExample(
            [_example_excerpt(**exemplar) for exemplar in example["exemplars"]],
            [Addition(**addition) for addition in example["additions"]],
            ReasonedWritingReply.model_validate(example["reply"]),
        )
        for example in examples
    ]


def _example_excerpt(
    pieces: list[str], query: int, levels: list[int], attention: dict[str, float]
) -> Excerpt:
    weights = np.zeros(len(pieces))
    for key, weight in attention.items():
        weights[int(key)] = weight
    return Excerpt(pieces, list(range(len(pieces))), query, levels, weights, None)


def _system(form: Format, evidence: Evidence) -> Message:
    text = render(
        "explain_system.jinja",
        format=form,
        levels=LEVELS,
        keys=KEYS,
        least=percent(LEAST),
        behaviours=MAX_BEHAVIOURS,
        claims=CLAIMS if evidence.additions else {},
        most_claims=MOST_CLAIMS,
        reasoned=evidence.reasoned,
    )
    return {"role": "system", "content": text}


def _question(excerpts: Sequence[Excerpt], evidence: Evidence, form: Format, texts: int) -> Message:
    return _user(render("explain_user.jinja", **_values(excerpts, evidence, form, texts)))


def _values(
    excerpts: Sequence[Excerpt], evidence: Evidence, form: Format, texts: int
) -> dict[str, object]:
    values: dict[str, object] = {
        "exemplars": [shown_of(part, form) for part in excerpts],
        "metrics": evidence.metrics,
        "hypothesis": evidence.hypothesis,
        "format": form,
        "texts": texts,
    }
    # Left out where there are none: a fence depends on all values, and replies on every prompt.
    return values | ({"additions": evidence.additions} if evidence.additions else {})


def _told(explanation: Explanation, evidence: Evidence) -> str:
    """What an explanation says, as JSON."""
    behaviours = [
        {"name": b.family, "attends_to": b.attends_to, "active_when": b.active_when}
        for b in explanation.behaviours
    ]
    said: dict[str, object] = {"summary": explanation.summary, "behaviours": behaviours}
    if evidence.additions:
        claims = [offered(claim) for claim in explanation.write_claims]
        said |= {"writes": explanation.writing, "claims": claims}
    return json.dumps(said, indent=2, ensure_ascii=False)


def _user(text: str) -> Message:
    return {"role": "user", "content": text}

"""A language model judges an explanation: it says what the head does in texts it has not seen."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from ...event_rows import texts_of
from ...items import QUESTIONS, SPAN, Item, Items, Question
from ...llm.client import BudgetSpent, Client, Refused, Reply
from ...llm.cut import why_cut
from ...llm.thoughts import only_thoughts, without_thoughts
from ...llm.together import together
from ...llm.usage import rounded, since
from ...printable import quoting
from ...records.base import Split, head_name
from ...records.explanation import Explanation
from ...records.head import HeadRecord
from ...records.judgement import Answer, Judgement
from ...records.usage import Usage
from ...settings.endpoint import Sampling
from .levels import LINE_TOKENS, levels_of
from .questions import judge_messages

# Log-probabilities count if the model was about to say one of the two words, probably.
_SURE = 0.5
# "yes or no" repeats the question, and "yes and no" leaves it open.
_ANSWER = r"(yes|no)\b(?!\W{0,3}(?:/|\b(?:or|and)\b)\W{0,3}(?:yes|no)\b)"
# In a sentence, "no" before another word is about that word: there is no answer.
_WORD = re.compile(r"\b(yes|(?<=answer is )no|no(?!\s+\w|-))\b", re.IGNORECASE)
_FIRST = re.compile(rf"\W*{_ANSWER}", re.IGNORECASE)
_NUMBERED = re.compile(rf"(?<!\d)(\d+)\W{{1,8}}{_ANSWER}", re.IGNORECASE)


Told = float | list[float] | None  # the probability of yes, the levels, or no answer


class Reading(NamedTuple):
    """What is judged on: the items of each split, and the tokens of their windows."""

    items: Items
    pieces: Mapping[int, Sequence[str]]


def reading_of(events: pa.Table, items: Items) -> Reading:
    """The items of a head, of which `events` are the rows."""
    return Reading(items, {text.window: text.pieces for text in texts_of(events, [*items])})


async def judge(
    explanation: Explanation,
    controls: Iterable[Explanation],
    reading: Reading,
    client: Client,
    per_call: int,
    further: Sequence[Question] = (),
) -> Judgement:
    """Judge an explanation on the items of the reading, and those of other heads on test items.

    Those of `further` questions are asked on test items alone. Only what is explained is judged.
    What the answers on validation text cost is not counted
    here: they were asked for when the explanation was chosen. Where the budget was spent, or
    where no reply says yes or no, the judgement holds the reason.
    """
    if explanation.status != "explained":
        return judgement_of(explanation, f"{explanation.status}: {explanation.reason}")
    paid = client.usage
    answers: list[Answer] = []
    reason = None

    async def answered(judged: Explanation, split: Split, control: str | None) -> list[Answer]:
        return await judge_items(
            client,
            judged,
            reading.items.get(split, ()),
            reading.pieces,
            split=split,
            per_call=per_call,
            control=control,
            questions=(*QUESTIONS, *further) if split == "test" else QUESTIONS,
        )

    others = [other for other in controls if other.status == "explained"]
    try:
        answers += await answered(explanation, "validation", None)
        paid = client.usage
        own, *of_others = await together(
            [
                answered(explanation, "test", None),
                *(answered(o, "test", head_name(o.layer, o.head)) for o in others),
            ]
        )
        answers += own
        detected = [answer for answer in answers if answer.question in QUESTIONS]
        if detected and all(answer.probability is None for answer in detected):
            reason = quoting("no reply of the judge says yes or no", detected[0].reply)
        answers += itertools.chain.from_iterable(of_others)
    except BudgetSpent as error:
        answers, reason = [], str(error)
    return judgement_of(explanation, reason, answers, rounded(since(client.usage, paid)))


def judgement_of(
    explanation: Explanation,
    reason: str | None,
    answers: Sequence[Answer] = (),
    usage: Usage | None = None,
) -> Judgement:
    """The record of what a judge answered, or of why it did not."""
    about = {name: getattr(explanation, name) for name in HeadRecord.model_fields}
    return Judgement(**about, reason=reason, answers=list(answers), usage=usage)


async def judge_items(
    client: Client,
    explanation: Explanation,
    items: Sequence[Item],
    pieces: Mapping[int, Sequence[str]],
    *,
    split: Split,
    per_call: int,
    control: str | None,
    questions: Sequence[Question] = QUESTIONS,
) -> list[Answer]:
    """The answers to the items of some questions, in their order, of a model that knows the
    explanation alone.

    `pieces` are the tokens of each window. Up to `per_call` items of a question are asked
    together; one alone may be answered by a probability between 0 and 1, and levels by expected
    values, where the server gives log-probabilities. Where the server refuses the prompt, its
    reason is the reply. Raises AskError, BudgetSpent among them.
    """
    items = [item for item in items if item.question in questions]
    calls = []
    for question in questions:
        same = [item for item in items if item.question == question]
        size = min(per_call, _passages(client.sampling)) if question == "levels" else per_call
        calls += [same[start : start + size] for start in range(0, len(same), size)]
    replies = await together(_replies(client, explanation, c, pieces) for c in calls)
    told = {
        item: reply
        for call, found in zip(calls, replies, strict=True)
        for item, reply in zip(call, found, strict=True)
    }
    return [
        Answer(
            split=split,
            question=item.question,
            window=item.window,
            query=item.query,
            key=item.key,
            marks=item.marks,
            control=control,
            probability=None if isinstance(found := told[item][0], list) else found,
            levels=tuple(found) if isinstance(found, list) else None,
            reply=told[item][1],
        )
        for item in items
    ]


def _passages(sampling: Sampling) -> int:
    """Of how many passages a reply has room for the levels, which take a line for each token."""
    return max(1, sampling.max_tokens // (SPAN * LINE_TOKENS))


async def _replies(
    client: Client,
    explanation: Explanation,
    items: Sequence[Item],
    pieces: Mapping[int, Sequence[str]],
) -> list[tuple[Told, str]]:
    """What is told of each item of a call, and the reply that tells it."""
    levels = items[0].question == "levels"
    try:
        reply = await client.ask(
            judge_messages(explanation, items, pieces), logprobs=levels or len(items) == 1
        )
    except Refused as error:
        return [(None, str(error))] * len(items)
    most = client.sampling.max_tokens
    text = why_cut(reply, most) if only_thoughts(reply) else reply.text or reply.refusal or ""
    told: Sequence[Told] = (
        levels_of(reply, [len(item.marks) for item in items])
        if levels
        else _yes_or_no(reply, len(items))
    )
    return [(one, text) for one in told]


def _yes_or_no(reply: Reply, count: int) -> list[float | None]:
    """The probabilities of yes in a reply to so many items."""
    if count > 1:
        return numbered_answers(reply.text, count)
    probability = probability_of_yes(reply.first_tokens or {})
    return [answer_of(reply.text) if probability is None else probability]


def probability_of_yes(first_tokens: Mapping[str, float]) -> float | None:
    """P(yes) / (P(yes) + P(no)) from log-probabilities of the first token, however written.

    None where another word is more probable than both together.
    """
    mass = {"yes": 0.0, "no": 0.0}
    for token, logarithm in first_tokens.items():
        word = re.sub(r"[\W_ġ]", "", token.lower())  # some servers write a space as Ġ or ▁
        if word in mass:
            mass[word] += math.exp(logarithm)
    both = mass["yes"] + mass["no"]
    return mass["yes"] / both if both >= _SURE else None


def answer_of(reply: str) -> float | None:
    """1 for yes, 0 for no, None for a reply that says neither or both."""
    text = without_thoughts(reply)
    first = _FIRST.match(text)
    words = {word.lower() for word in ([first[1]] if first else _WORD.findall(text))}
    return float(words == {"yes"}) if len(words) == 1 else None


def numbered_answers(reply: str, count: int) -> list[float | None]:
    """The answers of a reply with lines such as `1: yes`; None for a number without one."""
    said: dict[int, set[str]] = {}
    for number, word in _NUMBERED.findall(without_thoughts(reply)):
        said.setdefault(int(number), set()).add(word.lower())
    found = (said.get(number, set()) for number in range(1, count + 1))
    return [float(words == {"yes"}) if len(words) == 1 else None for words in found]

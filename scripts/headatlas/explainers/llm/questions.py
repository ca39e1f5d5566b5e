"""The prompts that ask a judge about passages: an explanation, and text without the answer."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from ...items import Item
from ...llm.client import Message
from ...records.explanation import Explanation
from .levels import HIGHEST
from .rendering import render
from .text import KEY_MARKS, QUERY_MARKS, running_text, token_text


def judge_messages(
    explanation: Explanation, items: Sequence[Item], pieces: Mapping[int, Sequence[str]]
) -> list[Message]:
    """The prompt about items of one question. It begins alike for all items of a head."""
    question = items[0].question
    told: dict[str, object] = {
        "summary": explanation.summary,
        "behaviours": [(b.attends_to, b.active_when, b.purpose) for b in explanation.behaviours],
        "several": len(items) > 1,
    }
    if question == "levels":
        system = render("levels_system.jinja", **told, highest=HIGHEST)
    else:
        system = render("judge_system.jinja", **told, question=question)
    return [
        {"role": "system", "content": system},
        {"role": "user", "content": passages_of(items, pieces)},
    ]


def passages_of(items: Sequence[Item], pieces: Mapping[int, Sequence[str]]) -> str:
    """The message that shows the passages of items of one question."""
    if items[0].question == "levels":
        passages = _numbered((pieces[item.window], item.marks) for item in items)
        return render("levels_user.jinja", passages=passages)
    return render("judge_user.jinja", texts=[_text(item, pieces) for item in items])


def shown(pieces: Sequence[str], query: int, key: int | None) -> str:
    """The text up to and including the query, with marks around it and around the key."""
    text = "".join(map(running_text, pieces[:query]))
    if key is not None and key < query:
        before, after = (
            "".join(map(running_text, p)) for p in (pieces[:key], pieces[key + 1 : query])
        )
        text = before + token_text(pieces[key]).join(KEY_MARKS) + after
    last = token_text(pieces[query])
    return text + (last.join(KEY_MARKS) if key == query else last).join(QUERY_MARKS)


def marked(pieces: Sequence[str], last: int, marks: Sequence[int]) -> str:
    """The text up to and including `last`, with marks around some tokens."""
    return "".join(
        token_text(piece).join(QUERY_MARKS) if at in marks else running_text(piece)
        for at, piece in enumerate(pieces[: last + 1])
    )


def _text(item: Item, pieces: Mapping[int, Sequence[str]]) -> str:
    if item.question == "marked":
        return marked(pieces[item.window], item.query, item.marks)
    return shown(pieces[item.window], item.query, item.key)


def _numbered(
    passages: Iterable[tuple[Sequence[str], Sequence[int]]],
) -> list[tuple[str, list[tuple[int, str]]]]:
    """The text before the tokens asked about, and these, numbered through all passages."""
    numbers = count(1)
    return [
        (
            "".join(map(running_text, pieces[: marks[0]])),
            [(next(numbers), token_text(pieces[at])) for at in marks],
        )
        for pieces, marks in passages
    ]

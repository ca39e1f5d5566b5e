"""Where a judge that knew an explanation was wrong about the head: what a revision is shown."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...items import Item
from ...records import Answer
from .exemplars import Event, Excerpt, back, excerpt, percent

SHOWN = 8  # wrong answers shown of each kind, yes and no


class Miss(NamedTuple):
    """A wrong answer: what was said and what is so, and the text it was about.

    The sentence holds no text of the corpus.
    """

    sentence: str
    excerpt: Excerpt


def wrong_answers(items: Sequence[Item], answers: Sequence[Answer]) -> list[Answer]:
    """The answers that are on the wrong side, the surest first."""
    truth = {item[:4]: item.holds for item in items}
    wrong = []
    for answer in answers:
        holds = truth[answer.question, answer.window, answer.query, answer.key]
        if answer.probability is not None:
            surely = answer.probability - 0.5
            if surely < 0 if holds else surely > 0:
                wrong.append(answer)
    return sorted(wrong, key=lambda answer: -_sureness(answer))


def misses_of(wrong: Sequence[Answer], events: Mapping[int, Event], largest: float) -> list[Miss]:
    """The first SHOWN of the wrong answers yes and of the wrong answers no.

    `events` are those of the windows by number; `largest` scales the activation.
    """
    said = {yes: [a for a in wrong if (a.probability or 0.0) > 0.5] for yes in (True, False)}
    return [
        _miss(answer, events[answer.window], largest)
        for yes in (True, False)
        for answer in said[yes][:SHOWN]
    ]


def _miss(answer: Answer, event: Event, largest: float) -> Miss:
    part = excerpt(event, largest, query=answer.query, after=0, key=answer.key)
    yes = (answer.probability or 0.0) > 0.5
    if answer.key is None:
        said = f"The reader said that the head is {'' if yes else 'not '}active at the query"
        fact = f"it is {'not' if yes else 'active'}"
    else:
        place = (
            "itself" if answer.key == answer.query else f"the key {back(answer.query - answer.key)}"
        )
        said = (
            f"The reader said that the query {'attends' if yes else 'does not attend'} to {place}"
        )
        fact = f"{percent(part.attention[answer.key])} of its attention goes there"
    return Miss(f"{said}; {fact}", part)


def _sureness(answer: Answer) -> float:
    return abs((answer.probability or 0.0) - 0.5)

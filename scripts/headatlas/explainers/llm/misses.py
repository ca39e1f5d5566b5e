"""Where a judge that knew an explanation was wrong about the head: what a revision is shown."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...answers import said
from ...event_rows import Event
from ...items import Item
from ...records.judgement import Answer
from .exemplars import Excerpt, back, excerpt, percent

SHOWN = 8  # wrong answers shown of each kind, yes and no


class Miss(NamedTuple):
    """A wrong answer: what was said and what is so, and the text it was about.

    The sentence holds no text of the corpus.
    """

    sentence: str
    excerpt: Excerpt


def wrong_items(items: Sequence[Item], answers: Sequence[Answer]) -> list[Item]:
    """The items whose answer is on the wrong side, the surest answer first."""
    yes = said(answers, items)
    wrong = [item for item in yes if (yes[item] < 0.5 if item.holds else yes[item] > 0.5)]
    return sorted(wrong, key=lambda item: -abs(yes[item] - 0.5))


def misses_of(wrong: Sequence[Item], events: Mapping[int, Event], largest: float) -> list[Miss]:
    """The first SHOWN of the items that were said to hold, and of those said not to.

    `events` are those of the windows by number; `largest` scales the activation.
    """
    sides = ([item for item in wrong if item.holds == holds][:SHOWN] for holds in (False, True))
    return [_miss(item, events[item.window], largest) for side in sides for item in side]


def _miss(item: Item, event: Event, largest: float) -> Miss:
    part = excerpt(event, largest, query=item.query, after=0, key=item.key)
    if item.key is None:
        said = f"the head is {'not ' if item.holds else ''}active at the query"
        truth = "it is active" if item.holds else "it is not"
    else:
        distance = item.query - item.key
        key = f"the key {back(distance)}" if distance else "itself"
        said = f"the query {'does not attend' if item.holds else 'attends'} to {key}"
        truth = f"{percent(part.attention[item.key])} of its attention goes there"
    return Miss(f"The reader said that {said}; {truth}", part)

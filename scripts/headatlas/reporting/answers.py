"""What a judge that knows an explanation said of single passages, beside what the head did."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, get_args

import pyarrow as pa

from headatlas.answers import place_of
from headatlas.event_rows import random_windows
from headatlas.items import Item, Question
from headatlas.records.judgement import Answer, Judgement
from headatlas.visible import Part, parts

from .exemplars import LONGEST

AROUND_KEY = 8  # tokens shown on either side of a key that is further back than LONGEST
LONGEST_REPLY = 240  # characters
TITLES: dict[Question, str] = {
    "attends": "Does the query attend to the key?",
    "active": "Is the head active at the query?",
    "marked": "Are the marked tokens those at which the head is active?",
}
Verdict = Literal["wrong", "unusable", "undecided", "right"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)  # what to look at comes first
_ONE_WORD = re.compile(r"\W*(yes|no)\W*", re.IGNORECASE)


class Stretch(NamedTuple):
    """Tokens that follow one another in a passage. `marks`: q, a query; k, the key; or both."""

    parts: list[Part]
    marks: str
    after_gap: bool


class Answered(NamedTuple):
    """A passage, what the judge said of it, and what the head did.

    `measured` is the activation at the query, its mean at the marked tokens, or the attention that
    the query pays to the key.
    `reply` is empty where it is a word.
    """

    text: list[Stretch]
    holds: bool
    measured: float
    probability: float | None
    reply: str

    @property
    def said(self) -> str:
        """What the judge finds more probable."""
        if self.probability is None:
            return "neither yes nor no"
        if self.probability == 0.5:
            return "as probably yes as no"
        return "yes" if self.probability > 0.5 else "no"

    @property
    def verdict(self) -> Verdict:
        """Whether that is what the head did."""
        if self.said in ("yes", "no"):
            return "right" if (self.said == "yes") == self.holds else "wrong"
        return "unusable" if self.probability is None else "undecided"


class Asked(NamedTuple):
    """The answers to one question, in the order of VERDICTS."""

    question: Question
    title: str
    answers: list[Answered]

    @property
    def counts(self) -> list[tuple[Verdict, int]]:
        """How many answers there are of each verdict, those of which there are none left out."""
        found = Counter(answer.verdict for answer in self.answers)
        return [(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]]


def asked(judgement: Judgement, events: pa.Table, items: Sequence[Item]) -> list[Asked]:
    """What was answered about test items under the head's own explanation, by question.

    `events` are the head's rows, `items` those of its test split.
    """
    own = {
        place_of(a): a
        for a in judgement.answers
        if a.question in TITLES and a.split == "test" and a.control is None
    }
    known = [item for item in items if item.place in own]
    answers = dict(zip(known, _answered(known, [own[i.place] for i in known], events), strict=True))
    return [
        Asked(question, title, sorted(found, key=lambda answer: VERDICTS.index(answer.verdict)))
        for question, title in TITLES.items()
        if (found := [answers[item] for item in known if item.question == question])
    ]


def _answered(
    items: Iterable[Item], answers: Iterable[Answer], events: pa.Table
) -> Iterator[Answered]:
    measured = {window.window: window for window in random_windows(events, "test")}
    for item, answer in zip(items, answers, strict=True):
        window = measured[item.window]
        if item.key is None:
            did = window.activation[list(item.marks) or [item.query]].mean()
        else:
            did = window.attention()[item.query, item.key]
        yield Answered(
            text=passage(window.pieces, item.query, item.key, item.marks),
            holds=bool(item.holds),
            measured=float(did),
            probability=answer.probability,
            reply=shortened(answer.reply),
        )


def passage(
    pieces: Sequence[str], query: int, key: int | None, marks: Sequence[int] = ()
) -> list[Stretch]:
    """The text up to and including the query: its last LONGEST tokens, and some around the key.

    Where there are `marks`, these are the queries that are asked about.
    """
    shown = set(range(max(0, query + 1 - LONGEST), query + 1))
    if key is not None:
        shown |= set(range(max(0, key - AROUND_KEY), min(key + AROUND_KEY, query) + 1))

    def stretch(at: tuple[int, int]) -> tuple[int, str]:
        count, position = at
        asked = position in marks if marks else position == query
        return position - count, "q" * asked + "k" * (position == key)

    stretches: list[Stretch] = []
    following = 0
    for (_, kind), run in itertools.groupby(enumerate(sorted(shown)), stretch):
        positions = [position for _, position in run]
        text = [part for position in positions for part in parts(pieces[position])]
        stretches.append(Stretch(text, kind, positions[0] > following))
        following = positions[-1] + 1
    return stretches


def shortened(reply: str) -> str:
    """A reply, cut to LONGEST_REPLY characters; empty if it is a yes or no alone."""
    if _ONE_WORD.fullmatch(reply):
        return ""
    text = reply.strip() or "(empty)"
    return text if len(text) <= LONGEST_REPLY else f"{text[:LONGEST_REPLY]}…"

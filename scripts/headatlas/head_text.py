"""What of a head can be searched: the sentences of its row of `summary.csv`, and its behaviours."""

from collections.abc import Iterator, Mapping

from .ranking import terms_of
from .records.explanation import Explanation

TITLE = 3  # a word of the title counts as often
# Texts of a row that are not about what the head does.
_NOT_SEARCHED = ("status", "reason", "twins", "title")


def head_terms(row: Mapping[str, object], explanation: Explanation) -> list[str]:
    """The terms of a head by which it is found, repeated as often as they count.

    `row` is that of `summary.csv`: what is claimed of the head is among its sentences.
    """
    titled = terms_of(explanation.title) * TITLE
    return titled + [term for text in _texts(row, explanation) for term in terms_of(text)]


def _texts(row: Mapping[str, object], explanation: Explanation) -> Iterator[str]:
    for name, cell in row.items():
        if isinstance(cell, str) and name not in _NOT_SEARCHED:
            yield cell
    for behaviour in explanation.behaviours:
        yield from (behaviour.attends_to, behaviour.active_when)
        yield from (behaviour.family, behaviour.purpose)
        yield from (level.name for level in behaviour.levels)  # its tokens among them
        yield from behaviour.also

"""Passages that two models share, word by word, whatever their tokenizers."""

import re
import string
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Int

from ..errors import InputError
from ..records.windows import WINDOWS
from ..storage import read_facts, read_table

# Only this white space is never cut across tokens: other kinds are several bytes of UTF-8.
_RUN = re.compile(f"[^{string.whitespace}]+")

Span = tuple[int, int]


class Reading(NamedTuple):
    """The words of some passages as one model reads them, passage after passage."""

    windows: list[int]
    "the model's window of each passage, ascending"
    spans: Int[np.ndarray, "word 2"]
    "first token of each word and the one after its last, in the windows laid end to end"
    counts: Int[np.ndarray, " passage"]
    "words of each passage"


def word_spans(pieces: Sequence[str]) -> list[Span]:
    """First token of each word of a text, and the one after its last.

    Words are told apart by ASCII white space, which counts to the word before it. A
    token that holds parts of two words counts to both.
    """
    spans: list[Span] = []
    inside = False
    for at, piece in enumerate(pieces):
        runs = _RUN.findall(piece)
        goes_on = inside and piece[:1] not in string.whitespace
        if spans and (goes_on or not runs):
            spans[-1] = (spans[-1][0], at + 1)
        spans += [(at, at + 1)] * (len(runs) - goes_on)
        inside = piece[-1:] not in string.whitespace
    return spans


def shared_readings(windows: Path, other: Path, most: int) -> tuple[Reading, Reading]:
    """The test passages of both tables of windows, as either model reads them.

    Of more than `most` passages, those at equal steps are taken. Of a passage those
    words are kept that both models have read, but for the first, since it may stand at
    position 0, and the last, since it may be cut.

    Raises InputError if the models share fewer than two.
    """
    mine, theirs = _test_windows(windows), _test_windows(other)
    shared = sorted(mine.keys() & theirs.keys())
    if len(shared) < 2:
        raise InputError(
            f"{windows} and {other} share {len(shared)} passages of the test split; "
            "to compare heads, at least 2 are needed"
        )
    steps = np.unique(np.linspace(0, len(shared) - 1, most).astype(int))
    numbers = [mine[shared[step]] for step in steps]
    others = [theirs[shared[step]] for step in steps]
    words, other_words = _words(windows, numbers), _words(other, others)
    counts = [max(min(len(a), len(b)) - 2, 0) for a, b in zip(words, other_words, strict=True)]
    return _reading(numbers, words, counts), _reading(others, other_words, counts)


def _test_windows(path: Path) -> dict[tuple[str, int], int]:
    """The number of each window of the test split, by document and start."""
    columns = ["document", "start", "window"]
    test = pc.field("split") == "test"
    table = read_table(path, WINDOWS, columns, test)
    documents, starts, numbers = (table.column(name).to_pylist() for name in columns)
    return dict(zip(zip(documents, starts, strict=True), numbers, strict=True))


def _words(path: Path, numbers: list[int]) -> list[list[Span]]:
    """The words of each window, counted in the windows laid end to end."""
    wanted = pc.field("window").isin(numbers)
    table = read_table(path, WINDOWS, ["pieces"], wanted)
    bos = int(read_facts(path)["bos"] == "prepend")
    words, first = [], 0
    for pieces in table.column("pieces").to_pylist():
        own = first + bos
        words.append([(own + start, own + end) for start, end in word_spans(pieces[bos:])])
        first += len(pieces)
    return words


def _reading(numbers: list[int], words: list[list[Span]], counts: list[int]) -> Reading:
    kept = [span for spans, n in zip(words, counts, strict=True) for span in spans[1 : 1 + n]]
    return Reading(numbers, np.array(kept, int).reshape(-1, 2), np.array(counts))

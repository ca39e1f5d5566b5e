"""Search in words for heads, by the text that tells of them or by its meaning."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import polars as pl

from ..errors import InputError
from ..ranking import index_of
from ..records.explanation import Explanation

By = Literal["text", "meaning"]
COLUMNS = {
    "run": pl.String,  # model/corpus/explainer/clustering
    "head": pl.String,
    "title": pl.String,
    "score": pl.Float64,
    "page": pl.String,
}


class Entry(NamedTuple):
    """A head that can be found."""

    run: str
    head: str
    explanation: Explanation
    terms: Sequence[str]
    page: Path


def search(
    entries: Sequence[Entry], words: str, *, by: str = "text", limit: int = 10
) -> pl.DataFrame:
    """The heads that fit the words best, at most `limit`, with the columns COLUMNS.

    By text, the score is that of BM25 (`ranking`), and heads without any of the words are left
    out; by meaning, the cosine of the words and the head's behaviours as the encoder that groups
    heads sees them. Raises InputError if there are no words, no such way to search,
    or no limit.
    """
    if not words.strip():
        raise InputError("words to search for: none given; allowed: any, such as a token or a name")
    if by not in get_args(By):
        raise InputError(f"by: {by!r}, allowed: {', '.join(get_args(By))}")
    if limit < 1:
        raise InputError(f"limit: {limit}, allowed: 1 or more")
    found = (_by_text if by == "text" else _by_meaning)(entries, words)
    rows = [
        (entry.run, entry.head, entry.explanation.title, score, str(entry.page))
        for entry, score in ((entries[n], score) for n, score in found[:limit])
    ]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _by_text(entries: Sequence[Entry], words: str) -> list[tuple[int, float]]:
    return index_of([entry.terms for entry in entries]).ranked(words)


def _by_meaning(entries: Sequence[Entry], words: str) -> list[tuple[int, float]]:
    from ..clustering.embeddings import behaviour_text
    from .vectors import vectors_of

    texts = [behaviour_text(entry.explanation) for entry in entries]
    told = [number for number, text in enumerate(texts) if text]
    folders = [entry.page.parents[1] for entry in entries]
    asked, vectors = vectors_of(words, [(folders[n], texts[n]) for n in told])
    scores = [(n, round(float(asked @ v), 3)) for n, v in zip(told, vectors, strict=True)]
    return sorted(scores, key=lambda item: (-item[1], item[0]))

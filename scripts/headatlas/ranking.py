"""Ranked search in texts: Okapi BM25 (Robertson and Zaragoza 2009), the same here and on pages.

An index holds what each term adds to the score of each text, worked out; whoever searches adds up.
A page does so in its own script (`workflow/templates/rank.js`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log
from typing import NamedTuple

K1, B = 1.2, 0.75  # how soon a term repeated says no more; how much long texts are held back
PREFIX = 3  # a query's word of so many characters, a plural s left out, finds what begins with it
_DIGITS = 3
_WORD = re.compile(r"\w+")
_AROUND = "“”\"'’‘.,;:()"


def terms_of(text: str) -> list[str]:
    """The terms of a text, in lower case: its words, and the signs that stand alone.

    `the “{” (or not)` has the terms the, {, or, not.
    """
    terms: list[str] = []
    for chunk in text.lower().split():
        sign = chunk.strip(_AROUND) or chunk
        terms += _WORD.findall(chunk) or [sign]
    return terms


class Index(NamedTuple):
    """Of each term the texts that have it, by number, with what it adds to their score."""

    terms: dict[str, list[tuple[int, float]]]

    def ranked(self, query: str) -> list[tuple[int, float]]:
        """The texts that have any word of the query, with their scores, the best first.

        A word counts once, as the best of the terms that begin with it. Equal scores are in the
        order of the texts.
        """
        scores: dict[int, float] = {}
        for word in dict.fromkeys(terms_of(query)):
            best: dict[int, float] = {}
            start = word[:-1] if word.endswith("s") and len(word) > PREFIX else word
            for term, found in self.terms.items():
                if term == word or (len(start) >= PREFIX and term.startswith(start)):
                    for text, weight in found:
                        best[text] = max(weight, best.get(text, 0.0))
            for text, weight in best.items():
                scores[text] = round(scores.get(text, 0.0) + weight, _DIGITS)
        return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def index_of(texts: Sequence[Sequence[str]]) -> Index:
    """The index of texts, each given as its terms.

    weight = ln(1 + (N − n + ½)/(n + ½)) · f (K1 + 1)/(f + K1 (1 − B + B · length/mean length)),
    for a term that f times is in a text and in n of N texts.
    """
    counts = [Counter(terms) for terms in texts]
    mean = sum(map(len, texts)) / len(texts) if texts else 0.0
    having = Counter(term for count in counts for term in count)
    found: dict[str, list[tuple[int, float]]] = {term: [] for term in sorted(having)}
    for number, count in enumerate(counts):
        long = 1 - B + B * len(texts[number]) / mean if mean else 1.0
        for term, times in count.items():
            rare = log(1 + (len(texts) - having[term] + 0.5) / (having[term] + 0.5))
            weight = rare * times * (K1 + 1) / (times + K1 * long)
            found[term].append((number, round(weight, _DIGITS)))
    return Index(found)

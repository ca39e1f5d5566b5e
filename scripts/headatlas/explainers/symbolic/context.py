"""What a hypothesis may look at in a window, computed once: classes, repeats, lines, brackets."""

import functools
import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from ...tokens.delimiters import CLOSING, OPENING, QUOTES
from .classes import PIECE_CLASSES, TOKEN_CLASSES, WORD_CLASSES, piece_classes

_NONE = -1
_NOTABLE = re.compile(f"[{re.escape(OPENING + CLOSING + QUOTES)}\n]")
_MARK = re.compile(f"\"\"\"|'''|[{re.escape(OPENING + CLOSING + QUOTES)}\n]")
_CODE = re.compile(r"\w[(\[]|[\w)\]]:\n\s")  # prose has a space before a bracket
_OPENS, _CLOSES = "“‘«", "”’»"


class Context:
    """Features of the T tokens of a window.

    Matrices are [query, key] with key < query; in `up_to` alone key may be the query.
    """

    def __init__(self, tokens: Sequence[int], pieces: Sequence[str]):
        self.tokens = np.asarray(tokens, dtype=np.int64)
        self.pieces = list(pieces)
        self.length = len(self.pieces)
        self.positions = np.arange(self.length)
        self.up_to: Bool[np.ndarray, "query key"] = np.tri(self.length, dtype=bool)
        self.earlier: Bool[np.ndarray, "query key"] = np.tri(self.length, k=-1, dtype=bool)

    @functools.cached_property
    def classes(self) -> dict[str, Bool[np.ndarray, " token"]]:
        """For each token class its members. Pieces inside a word are not words themselves."""
        found = [piece_classes(piece) for piece in self.pieces]
        table = {
            name: np.fromiter((name in f for f in found), bool, self.length)
            for name in PIECE_CLASSES
        }
        for name in WORD_CLASSES:
            table[name] &= ~self.continues_word
        table["keyword"] &= self.is_code  # most keywords are words of English too
        table["continuation"] = self.continues_word
        return {name: table[name] for name in TOKEN_CLASSES}

    @functools.cached_property
    def is_code(self) -> bool:
        """Whether the text calls functions, indexes, or opens blocks, more than once."""
        return len(_CODE.findall("".join(self.pieces))) > 1

    @functools.cached_property
    def continues_word(self) -> Bool[np.ndarray, " token"]:
        """Tokens that go on with the word (letters, digits, `_`) of the token before."""
        begins = np.fromiter((_is_word(p[:1]) for p in self.pieces), bool, self.length)
        ends = np.fromiter((_is_word(p[-1:]) for p in self.pieces), bool, self.length)
        continues: Bool[np.ndarray, " token"] = begins & one_later(ends)
        return continues

    @functools.cached_property
    def starts_word(self) -> Bool[np.ndarray, " token"]:
        """First tokens of words."""
        has = np.fromiter((any(map(_is_word, p)) for p in self.pieces), bool, self.length)
        starts: Bool[np.ndarray, " token"] = has & ~self.continues_word & ~self.classes["special"]
        return starts

    @functools.cached_property
    def same_run(self) -> Bool[np.ndarray, "query key"]:
        """Earlier pieces of the word that the query's token belongs to."""
        return self._earlier_equal(np.cumsum(~self.continues_word))

    def same_segment(self, name: str) -> Bool[np.ndarray, "query key"]:
        """Keys up to the query in its `sentence`, `clause` or `line`; a mark ends its segment.

        A clause ends with any delimiter, a sentence with a sentence end or a line break.
        """
        newline = self.classes["newline"]
        ends = {
            "line": newline,
            "sentence": newline | self.classes["sentence_end"],
            "clause": self.classes["delimiter"],
        }[name]
        number = np.cumsum(ends) - ends
        found: Bool[np.ndarray, "query key"] = (number[:, None] == number) & self.up_to
        return found

    @functools.cached_property
    def starts_line(self) -> Bool[np.ndarray, " token"]:
        """First tokens after a line break that are not white space."""
        newline = self.classes["newline"]
        printed = ~newline & ~self.classes["space"]
        line = np.cumsum(newline)
        before = np.cumsum(printed) - printed
        at_break = np.maximum.accumulate(np.where(newline, before, 0))
        starts: Bool[np.ndarray, " token"] = printed & (line > 0) & (before == at_break)
        return starts

    @functools.cached_property
    def same_token(self) -> Bool[np.ndarray, "query key"]:
        """Earlier occurrences of the query's token."""
        return self._earlier_equal(self.tokens)

    @functools.cached_property
    def same_word(self) -> Bool[np.ndarray, "query key"]:
        """Earlier tokens of the same text, ignoring case and surrounding space."""
        cores = [p.strip().casefold() or p for p in self.pieces]
        numbers = {core: i for i, core in enumerate(dict.fromkeys(cores))}
        ids = np.fromiter((numbers[c] for c in cores), np.int64, self.length)
        return self._earlier_equal(ids)

    @functools.cached_property
    def same_bigram(self) -> Bool[np.ndarray, "query key"]:
        """Earlier occurrences of the query's token after the same token."""
        found = np.zeros_like(self.earlier)
        found[1:, 1:] = self.same_token[1:, 1:] & self.same_token[:-1, :-1]
        return found

    @functools.cached_property
    def seen_before(self) -> Bool[np.ndarray, " token"]:
        """Tokens that occurred before."""
        return np.logical_or.reduce(self.same_token, axis=1)

    @functools.cached_property
    def bigram_seen_before(self) -> Bool[np.ndarray, " token"]:
        """Tokens that occurred before after the same token."""
        return np.logical_or.reduce(self.same_bigram, axis=1)

    @functools.cached_property
    def repeating(self) -> Bool[np.ndarray, " token"]:
        """Queries at which the last three tokens occurred before in the same order."""
        found = np.zeros(self.length, bool)
        found[1:] = (self.same_bigram[1:, 1:] & self.same_bigram[:-1, :-1]).any(axis=1)
        return found

    @functools.cached_property
    def open_bracket(self) -> Int[np.ndarray, " token"]:
        """Position of the innermost bracket open before each token, -1 for none."""
        return self._enclosures[0]

    @functools.cached_property
    def open_quote(self) -> Int[np.ndarray, " token"]:
        """Position of the quotation mark open before each token, -1 for none."""
        return self._enclosures[1]

    @functools.cached_property
    def _enclosures(self) -> tuple[Int[np.ndarray, " token"], Int[np.ndarray, " token"]]:
        brackets = np.full(self.length, _NONE)
        quotes = np.full(self.length, _NONE)
        stack: list[tuple[str, int]] = []
        quote: tuple[str, int] | None = None
        for i, piece in enumerate(self.pieces):
            brackets[i] = stack[-1][1] if stack else _NONE
            quotes[i] = quote[1] if quote else _NONE
            if not _NOTABLE.search(piece) or self.classes["special"][i]:
                continue
            if self._is_apostrophe(i):
                continue
            for mark in _MARK.findall(piece):
                if mark == "\n":
                    quote = quote if quote and len(quote[0]) == 3 else None
                elif mark in OPENING or mark in CLOSING:
                    stack = _after_bracket(stack, mark, i) if quote is None else stack
                elif quote is None:
                    quote = (mark, i) if mark not in _CLOSES else None
                elif _closes(quote[0], mark):
                    quote = None
        return brackets, quotes

    def _earlier_equal(self, ids: Int[np.ndarray, " token"]) -> Bool[np.ndarray, "query key"]:
        """Earlier keys whose number is that of the query."""
        equal: Bool[np.ndarray, "query key"] = (ids[:, None] == ids) & self.earlier
        return equal

    def _is_apostrophe(self, i: int) -> bool:
        """A quotation mark within or after a word, followed by letters: don't, it's."""
        mark, following = self.pieces[i][:1], self.pieces[i][1:2]
        if mark not in ("'", "’") or i == 0 or not _is_word(self.pieces[i - 1][-1:]):
            return False
        following = following or (self.pieces[i + 1][:1] if i + 1 < self.length else "")
        return following.isalpha()


def _is_word(text: str) -> bool:
    return text.isalnum() or text == "_"


def one_later(flags: Bool[np.ndarray, " token"]) -> Bool[np.ndarray, " token"]:
    """Where the flag held one token before; false at the first token."""
    return np.concatenate([[False], flags[:-1]])


def _after_bracket(stack: list[tuple[str, int]], mark: str, i: int) -> list[tuple[str, int]]:
    """The open brackets after `mark`. A closing one without its partner changes nothing."""
    if mark in OPENING:
        return [*stack, (mark, i)]
    partner = OPENING[CLOSING.index(mark)]
    return stack[:-1] if stack and stack[-1][0] == partner else stack


def _closes(opened: str, mark: str) -> bool:
    if opened in _OPENS:
        return mark == _CLOSES[_OPENS.index(opened)]
    return mark == opened

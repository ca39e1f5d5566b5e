"""The language of hypotheses: which keys (sources) and at which queries (triggers).

An expression is a name, or a name with arguments: `previous_token`, `offset(3)`,
`after(same_token, last)`, `class(digit)`. Matches, the first arguments of some
sources, relate a key to the query (`same_token`) or name a class of keys (`digit`).
"""

import re
from dataclasses import dataclass

from ...errors import InputError
from .classes import TOKEN_CLASSES

OFFSETS = tuple(range(2, 9))
RECENT = (2, 4, 8, 16)
EARLY = 16
RELATIONS = ("same_token", "same_word", "same_bigram")
MATCHES = (*RELATIONS, *TOKEN_CLASSES)
PICKS = ("last", "all")
ENCLOSURES = ("brackets", "quotes")
SEGMENTS = ("sentence", "clause", "line")
STARTS = ("newline", "sentence_end", "delimiter")  # what follows one begins something

# Name of an expression -> the values that each of its arguments may take; None for a list of
# token ids, which are learned from a head and never enumerated.
_Signature = tuple[tuple[str | int, ...], ...]
SOURCES: dict[str, _Signature | None] = {
    "previous_token": (),
    "current_token": (),
    "first_token": (),
    "offset": (OFFSETS,),
    "recent": (RECENT,),
    "everything": (),
    "line_start": (),
    "open_bracket": (),
    "open_quote": (),
    "word_so_far": (),
    "last": (MATCHES,),
    "all": (MATCHES,),
    "after": (MATCHES, PICKS),
    "before": (MATCHES, PICKS),
    "within": (SEGMENTS,),
    "tokens": None,
    "after_tokens": None,
    "new_tokens": None,
}
TRIGGERS: dict[str, _Signature | None] = {
    "any": (),
    "class": (TOKEN_CLASSES,),
    "after_class": (TOKEN_CLASSES,),
    "seen_before": (),
    "not_seen_before": (),
    "bigram_seen_before": (),
    "repeating": (),
    "early": (),
    "late": (),
    "inside": (ENCLOSURES,),
    "starts_line": (),
    "starts_word": (),
    "continues_word": (),
    "at_tokens": None,
}
SOURCE_LISTS, TRIGGER_LISTS = (
    tuple(name for name, signature in signatures.items() if signature is None)
    for signatures in (SOURCES, TRIGGERS)
)
_SHAPE = re.compile(r"\s*([a-z_]+)\s*(?:\(([^()]*)\))?\s*")
_INTRICATE = {"after", "before", "repeating", "bigram_seen_before"}


class ExpressionError(InputError):
    """Text that is not an expression of the language."""


@dataclass(frozen=True)
class Expression:
    """A source or a trigger; `str` writes it as `parse_source` and `parse_trigger` read it."""

    name: str
    arguments: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.name}({', '.join(map(str, self.arguments))})" if self.arguments else self.name
        )

    @property
    def is_list(self) -> bool:
        """Whether it lists tokens by their ids."""
        return self.name in (*SOURCE_LISTS, *TRIGGER_LISTS)

    @property
    def complexity(self) -> int:
        """How much a reader has to keep in mind: 0 for `any`, else 1 to 4, more for a list."""
        if self.name == "any":
            return 0
        if self.is_list:
            return 2 + len(self.arguments)
        first = self.arguments[0] if self.arguments else None
        return 1 + (first in MATCHES) + (first == "same_bigram") + (self.name in _INTRICATE)


FIRST_TOKEN, EVERYTHING = Expression("first_token"), Expression("everything")
ANY = Expression("any")  # the trigger of every query
NOT_SEEN_BEFORE = Expression("not_seen_before")


def parse_source(text: str) -> Expression:
    """Read a source. Raises ExpressionError if `text` is not one."""
    return _parse(text, SOURCES, "source")


def parse_trigger(text: str) -> Expression:
    """Read a trigger. Raises ExpressionError if `text` is not one."""
    return _parse(text, TRIGGERS, "trigger")


def all_sources() -> list[Expression]:
    """The sources that the search considers, simple ones first.

    The first token and everything are left out: they are told by all of the attention.
    """
    sought = [
        e for e in _enumerate(SOURCES) if e not in (FIRST_TOKEN, EVERYTHING) and not _far_fetched(e)
    ]
    return sorted(sought, key=lambda e: e.complexity)


def all_triggers() -> list[Expression]:
    """Every trigger, simple ones first."""
    return sorted(_enumerate(TRIGGERS), key=lambda e: e.complexity)


def _far_fetched(source: Expression) -> bool:
    """Neighbours of every token of a class: few heads of interest, and many to try."""
    if source.name not in ("after", "before") or source.arguments[0] not in TOKEN_CLASSES:
        return False
    name, pick = source.arguments
    return source.name == "before" or (pick == "all" and name not in STARTS)


def _enumerate(signatures: dict[str, _Signature | None]) -> list[Expression]:
    found = []
    for name, choices in signatures.items():
        if choices is None:
            continue
        rows: list[tuple[str | int, ...]] = [()]
        for values in choices:
            rows = [(*row, value) for row in rows for value in values]
        found += [Expression(name, row) for row in rows]
    return found


def _parse(text: str, signatures: dict[str, _Signature | None], kind: str) -> Expression:
    shape = _SHAPE.fullmatch(text)
    if shape is None or shape[1] not in signatures:
        raise ExpressionError(f"{text!r} is not a {kind}; known: {', '.join(signatures)}")
    words = [w.strip() for w in shape[2].split(",")] if shape[2] is not None else []
    choices = signatures[shape[1]]
    if choices is None:
        return Expression(shape[1], _token_ids(text, words))
    if len(words) != len(choices):
        raise ExpressionError(f"{text!r}: {shape[1]} takes {len(choices)} arguments")
    arguments = []
    for word, values in zip(words, choices, strict=True):
        value = {str(v): v for v in values}.get(word)
        if value is None:
            allowed = ", ".join(map(str, values))
            raise ExpressionError(f"{text!r}: {word!r} is not one of {allowed}")
        arguments.append(value)
    return Expression(shape[1], tuple(arguments))


def _token_ids(text: str, words: list[str]) -> tuple[int, ...]:
    ids = tuple(int(word) for word in words if word.isascii() and word.isdigit())
    if not words or len(set(ids)) < len(words):
        raise ExpressionError(f"{text!r}: one or more different token ids are wanted, as 12, 55")
    return ids

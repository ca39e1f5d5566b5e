"""What a language model replies when it proposes features, and which of it are features."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ...event_rows import Event
from ..llm.text import token_text
from ..logit.gains import LARGEST_SET
from ..symbolic.language import (
    ANY,
    FIRST_TOKEN,
    SOURCE_LISTS,
    TRIGGER_LISTS,
    Expression,
    ExpressionError,
    all_sources,
    all_triggers,
    parse_source,
    parse_trigger,
)

_QUOTED = 300  # characters of what was said


def _named(names: Sequence[str]) -> str:
    """The names in a sentence."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


class FeatureReply(BaseModel):
    """One feature: which keys, at which queries."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(description="a source of the language")
    source_tokens: list[str] = Field(description=f"of {_named(SOURCE_LISTS)}; else empty")
    trigger: str = Field(description="a trigger of the language")
    trigger_tokens: list[str] = Field(description="of at_tokens; else empty")

    @property
    def said(self) -> str:
        """It in one line, of which the end may be left out."""
        source, trigger = (
            f"{name}({', '.join(map(repr, tokens))})" if tokens else name
            for name, tokens in (
                (self.source, self.source_tokens),
                (self.trigger, self.trigger_tokens),
            )
        )
        line = f"{source} when {trigger}"
        line = " ".join(line.split())
        return line if len(line) <= _QUOTED else f"{line[:_QUOTED]} …"


class ProposalsReply(BaseModel):
    """What is proposed for a head."""

    model_config = ConfigDict(extra="forbid")

    proposals: list[FeatureReply] = Field(description="features, the most important first")


class Vocabulary:
    """The tokens of the text that an explainer has seen, by what prompts show of them."""

    def __init__(self, events: Iterable[Event]):
        self.pieces: dict[int, str] = {}
        for event in events:
            self.pieces.update(zip(event.tokens.tolist(), event.pieces, strict=True))
        self._exact: dict[str, list[int]] = {}
        self._bare: dict[str, list[int]] = {}
        for token, piece in sorted(self.pieces.items()):
            self._exact.setdefault(token_text(piece), []).append(token)
            self._bare.setdefault(token_text(piece).strip(" "), []).append(token)

    def ids(self, said: str) -> list[int]:
        """The tokens that are written so: exactly, or else but for the spaces around them."""
        for text in (said, token_text(said)):
            if found := self._exact.get(text) or self._bare.get(text.strip(" ")):
                return found
        return []


class Known(NamedTuple):
    """The expressions that every window is measured for, by their text."""

    sources: Mapping[str, Expression]
    triggers: Mapping[str, Expression]


def known_expressions() -> Known:
    """All that can be proposed, lists of tokens apart."""
    sources = {str(e): e for e in (FIRST_TOKEN, *all_sources())}
    return Known(sources, {str(e): e for e in all_triggers()})


def feature_of(
    said: FeatureReply, known: Known, vocabulary: Vocabulary
) -> tuple[Expression, Expression]:
    """Source and trigger. Raises ExpressionError with a sentence that the model can act on."""
    source = (
        _listed(said.source, said.source_tokens, vocabulary)
        if said.source in SOURCE_LISTS
        else _measured(said.source, said.source_tokens, known.sources, SOURCE_LISTS)
    )
    trigger = (
        _listed(said.trigger, said.trigger_tokens, vocabulary)
        if said.trigger in TRIGGER_LISTS
        else _measured(said.trigger, said.trigger_tokens, known.triggers, TRIGGER_LISTS)
    )
    if (source, trigger) == (FIRST_TOKEN, ANY):
        raise ExpressionError("the first token at every query is in every program already")
    return source, trigger


def _listed(name: str, tokens: list[str], vocabulary: Vocabulary) -> Expression:
    """A list of those tokens that occur in the text seen; the others say nothing of it."""
    ids = dict.fromkeys(token for text in tokens for token in vocabulary.ids(text))
    if not ids:
        raise ExpressionError(
            f"{name} lists no token that occurs in the texts; write tokens as they are shown"
        )
    if len(ids) > LARGEST_SET:
        raise ExpressionError(f"{name} lists {len(ids)} tokens; list {LARGEST_SET} at most")
    return Expression(name, tuple(sorted(ids)))


def _measured(
    text: str, tokens: list[str], known: Mapping[str, Expression], lists: tuple[str, ...]
) -> Expression:
    """Raises ExpressionError likewise."""
    if tokens:
        raise ExpressionError(f"only {_named(lists)} have a list of tokens, not {text!r}")
    if text in known:
        return known[text]
    text = text[:_QUOTED]
    parsed = parse_source(text) if lists == SOURCE_LISTS else parse_trigger(text)
    if str(parsed) in known:  # other spaces
        return known[str(parsed)]
    raise ExpressionError(f"{text!r} is not one of those given; choose from these")

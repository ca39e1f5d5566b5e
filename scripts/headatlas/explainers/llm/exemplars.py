"""What a prompt shows of a head's events: which exemplars, which part of each, and how."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ...errors import InputError
from ...event_rows import Event
from ...records.base import Split
from ...records.events import EVENTS, KINDS
from ...storage import read_head
from .text import KEY_MARKS, QUERY_MARKS, running_text, token_text

Format = Literal["marked", "table"]

LEVELS = 10  # the activation of the token at which the head writes most
BEFORE, AFTER = 48, 8  # tokens shown on either side of the query
BEFORE_KEY, AFTER_KEY = 8, 3  # and on either side of a key that is further back
KEYS, LEAST = 4, 0.05  # keys that are marked, at most, and their least attention
_SEEN: tuple[Split, ...] = ("train", "validation")


class Excerpt(NamedTuple):
    """Part of a window of T tokens, and what the head did at one query of it."""

    pieces: Sequence[str]  # [T]
    shown: list[int]  # positions in the excerpt, rising
    query: int
    levels: list[int]  # [T] activation from 0 to LEVELS
    attention: Float[np.ndarray, " T"]  # of the query
    asked: int | None  # a key that a question was about

    @property
    def level(self) -> int:
        """Activation at the query."""
        return self.levels[self.query]

    @property
    def median(self) -> int:
        """Median activation of the window's tokens, the first left out: the lower of two."""
        return sorted(self.levels[1:])[(len(self.levels) - 2) // 2]

    @property
    def keys(self) -> list[int]:
        """The keys with the most attention, largest first; the first token is not one."""
        order = np.argsort(-self.attention[1:], kind="stable")[:KEYS] + 1
        return [int(key) for key in order if self.attention[key] >= LEAST]


def read_seen(path: Path, head: int) -> pa.Table:
    """The events of a head that an explainer may see: none of the test split.

    Raises InputError if there is none of the train split.
    """
    table = read_head(path, EVENTS, head)
    splits = table.column("split").to_pylist()
    if "train" not in splits:
        raise InputError(f"{path}: head {head} has no exemplar in the train split")
    return table.filter(pa.array([split in _SEEN for split in splits], pa.bool_()))


def largest_activation(events: Sequence[Event]) -> float:
    """The largest activation in these events, position 0 left out; what `excerpt` scales by."""
    return max(float(event.activation[1:].max(initial=0.0)) for event in events)


def choose_exemplars(
    events: Sequence[Event], count: int, rng: np.random.Generator | None
) -> list[Event]:
    """Up to `count` distinct windows, strongest first.

    Without a generator about two thirds are the strongest of the top, and the others evenly
    spaced quantiles. With one, only a quarter are the strongest; as many are drawn from the
    rest of the top, and the others from the random windows, one from each of as many parts
    of them by strength: so explainers with other generators see other evidence.
    """
    top, quantile, random = (
        sorted((event for event in events if event.kind == kind), key=lambda event: event.rank)
        for kind in KINDS
    )
    if rng is None:
        strong, rising = top[: count - min(count // 3, len(quantile))], quantile
    else:
        few = math.ceil(count / 4)
        drawn = few + np.sort(rng.permutation(max(0, len(top) - few))[: count // 4])
        strong = [*top[:few], *(top[i] for i in drawn)]
        rising = sorted(random, key=lambda event: event.activation[event.query])
    known = {event.window for event in strong}
    others = [event for event in rising if event.window not in known]
    parts = np.array_split(np.arange(len(others)), max(1, min(count - len(strong), len(others))))
    picks = [part[-1] if rng is None else rng.choice(part) for part in parts if len(part)]
    return [*strong, *(others[i] for i in reversed(picks))][:count]


def excerpt(
    event: Event,
    largest: float,
    *,
    query: int | None = None,
    after: int = AFTER,
    key: int | None = None,
) -> Excerpt:
    """The part of an event around a query: its own, or another.

    `largest` is the activation shown as LEVELS. `key` is a position to be marked as the one
    that a question was about.
    """
    at = event.query if query is None else query
    scaled = np.clip(event.activation / (largest or 1.0), 0, 1) * LEVELS
    levels = scaled.round().astype(int).tolist()
    found = Excerpt(event.pieces, [], at, levels, event.attention()[at], key)
    shown = set(range(at - BEFORE, at + after + 1))
    for far in [*found.keys, *([] if key is None else [key])]:
        shown |= set(range(far - BEFORE_KEY, min(far + AFTER_KEY, at) + 1))
    return found._replace(shown=[place for place in range(len(event.pieces)) if place in shown])


def shown_as(form: Format, part: Excerpt) -> str:
    """The text of an excerpt in a prompt."""
    return marked(part) if form == "marked" else table(part)


def marked(part: Excerpt) -> str:
    """Running text, with marks around the query and its keys.

    Marked keys carry their number in the order of attention, `?` if a question was about
    them, and 0 if they are the first token. `⟨…⟩` stands for what is left out.
    """
    numbers = {key: str(n) for n, key in enumerate(part.keys, 1)} | {0: "0"}
    if part.asked is not None:
        numbers[part.asked] = numbers.get(part.asked, "") + "?"
    text, following = "", 0
    for position in part.shown:
        if position != following:
            text += "…".join(KEY_MARKS)
        following = position + 1
        piece = part.pieces[position]
        if position not in numbers and position != part.query:
            text += running_text(piece)
            continue
        token = token_text(piece)
        if position in numbers:
            token = f"{numbers[position]}|{token}".join(KEY_MARKS)
        text += token.join(QUERY_MARKS) if position == part.query else token
    return text if following == len(part.pieces) else text + "…".join(KEY_MARKS)


def table(part: Excerpt) -> str:
    """A line for each token: tokens from the query, text, activation, percent of attention.

    The first token has no activation, because it is like that of no other token.
    """
    lines = ["offset\ttoken\tactivation\tattention"]
    for position in part.shown:
        offset = position - part.query
        token = f'"{token_text(part.pieces[position])}"'
        level = str(part.levels[position]) if position else "-"
        weight = percent(part.attention[position]) if offset <= 0 else ""
        lines.append(f"{offset}\t{token}\t{level}\t{weight}".rstrip())
    return "\n".join(lines)


def attention_of(part: Excerpt) -> str:
    """Where the query's attention goes, in words, without any text of the corpus."""
    shares = [
        f"{number} ({back(part.query - key)}) {percent(part.attention[key])}"
        for number, key in enumerate(part.keys, 1)
    ]
    return ", ".join([*shares, f"first token {percent(part.attention[0])}"])


def back(distance: int) -> str:
    """The place of a key that is so many tokens before the query."""
    return f"{distance} back" if distance else "the query itself"


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"

"""The one reader of events: windows with what a head did in them, or their text alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from .errors import InputError
from .records.base import SPLITS, Split
from .records.events import EVENTS, KINDS, Kind
from .storage import read_head
from .triangle import unpack

_TEXT = ("split", "kind", "window", "tokens", "pieces")
_CELLS = ("split", "kind", "rank", "window", "document", "context_kind", "query", "peak", "pieces")
_ARRAYS = ("tokens", "activation", "keys", "weights")


class Text(NamedTuple):
    """A window of T tokens without anything that a head did in it."""

    split: Split
    window: int
    tokens: Sequence[int]  # [T]
    pieces: Sequence[str]  # [T]


@dataclass(frozen=True)
class Event:
    """A window of T tokens as a head treated it; K keys are kept of each query's attention.

    These are key 0 and the largest others, -1 where there are fewer. Of random windows
    attention is there whole (`triangle`), too.
    """

    split: Split
    kind: Kind
    rank: int
    window: int
    document: str
    context_kind: str
    query: int
    peak: float
    pieces: Sequence[str]  # [T]
    tokens: Int[np.ndarray, " T"]
    activation: Float[np.ndarray, " T"]
    keys: Int[np.ndarray, "T K"]
    weights: Float[np.ndarray, "T K"]
    whole: Float[np.ndarray, " pair"] | None = None

    def attention(self) -> Float[np.ndarray, "query key"]:
        """Attention: whole in a random window, elsewhere 0 outside the K kept keys."""
        if self.whole is not None:
            return unpack(self.whole).astype(float)
        return dense_attention(self.keys, self.weights)


W = TypeVar("W", Text, Event)


def texts_of(events: pa.Table, splits: Collection[Split]) -> list[Text]:
    """The random windows of `splits`, text alone; `events` are the rows of one head."""
    rows = _rows(events, splits, ["random"]).select(Text._fields).to_pylist()
    return [Text(**row) for row in rows]


def events_of(
    events: pa.Table, splits: Collection[Split] = SPLITS, kinds: Collection[Kind] = KINDS
) -> list[Event]:
    """The windows of these splits and kinds in their order; `events` are the rows of one head."""
    rows = _rows(events, splits, kinds)
    return [_event(rows, row) for row in range(len(rows))]


def random_windows(events: pa.Table, split: Split) -> list[Event]:
    """The random windows of a split, in the order of their numbers."""
    return sorted(events_of(events, [split], ["random"]), key=lambda event: event.window)


def read_texts(path: Path, head: int, splits: Collection[Split]) -> list[Text]:
    """The random windows of `splits` from a layer's file, of which text alone is read.

    Raises InputError if a split has none.
    """
    return _all_there(texts_of(read_head(path, EVENTS, head, _TEXT), splits), path, head, splits)


def read_random_windows(path: Path, head: int, split: Split) -> list[Event]:
    """The random windows of a split from a layer's file. Raises InputError if it has none."""
    events = read_head(path, EVENTS, head, list(dict.fromkeys((*_CELLS, *_ARRAYS, "attention"))))
    return _all_there(random_windows(events, split), path, head, [split])


def dense_attention(
    keys: Int[np.ndarray, "query kept"], weights: Float[np.ndarray, "query kept"]
) -> Float[np.ndarray, "query key"]:
    """The attention matrix of the kept keys of each query; what was not kept counts as 0.

    Keys below 0 pad a row and are left out. There are as many keys as queries.
    """
    queries, slots = np.nonzero(keys >= 0)
    attention = np.zeros((len(keys), len(keys)), weights.dtype)
    attention[queries, keys[queries, slots]] = weights[queries, slots]
    return attention


def _rows(events: pa.Table, splits: Collection[Split], kinds: Collection[Kind]) -> pa.Table:
    found = zip(events.column("split").to_pylist(), events.column("kind").to_pylist(), strict=True)
    return events.filter(pa.array([s in splits and k in kinds for s, k in found], pa.bool_()))


def _event(events: pa.Table, row: int) -> Event:
    cells: dict[str, Any] = {name: events.column(name)[row].as_py() for name in _CELLS}
    tokens, activation, keys, weights = (
        np.asarray(events.column(name)[row].values) for name in _ARRAYS
    )
    attention = events.column("attention")[row]
    shape = (len(tokens), -1)
    return Event(
        **cells,
        tokens=tokens,
        activation=activation.astype(float),
        keys=keys.reshape(shape),
        weights=weights.astype(float).reshape(shape),
        whole=np.asarray(attention.values) if attention.is_valid else None,
    )


def _all_there(windows: list[W], path: Path, head: int, splits: Collection[Split]) -> list[W]:
    found = {window.split for window in windows}
    for split in splits:
        if split not in found:
            raise InputError(f"{path}: head {head} has no random window in the {split} split")
    return windows

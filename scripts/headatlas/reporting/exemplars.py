"""Exemplar windows as a page shows them: an excerpt, its activation and its attention."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from headatlas.event_rows import Event
from headatlas.visible import Part, parts

LONGEST = 128
AFTER_QUERY = 32
LEVELS = 10
KEYS_SHOWN = 5
SMALLEST_WEIGHT = 5  # in 255ths: about 2 %
GROUPS = (
    ("test", "top", "Top exemplars", "largest peak activation on held-out test text"),
    ("test", "quantile", "By quantile", "from the weakest to the strongest peak on test text"),
    ("test", "random", "Random", "drawn at random from test text, the same for every head"),
    ("train", "top", "Top exemplars of the train split", "the explainer could see these"),
)


class Token(NamedTuple):
    """A token for display: its text, and its activation as a level from 0 to LEVELS - 1."""

    parts: tuple[Part, ...]
    level: int


class Exemplar(NamedTuple):
    """An excerpt of at most LONGEST tokens around the query of largest activation.

    `query` counts from the excerpt's first token. `activation` is one byte per token, in
    255ths of the page's scale; `attention` is a row of bytes per query, both in Base64.
    """

    document: str
    context_kind: str
    rank: int
    peak: float
    query: int
    start: int
    omitted: int
    tokens: list[Token]
    activation: str
    attention: str


class Group(NamedTuple):
    """Exemplars of one split and kind, under a heading."""

    split: str
    kind: str
    title: str
    note: str
    exemplars: list[Exemplar]


def groups(events: Sequence[Event], limit: int) -> tuple[list[Group], float]:
    """The exemplars of a head to show, at most `limit` of each group, and their scale.

    Returns groups that are not empty, and the largest activation in them, position 0 left out.
    """
    chosen = [
        (heading, choose([e for e in events if (e.split, e.kind) == heading[:2]], limit))
        for heading in GROUPS
    ]
    shown = [event for _, some in chosen for event in some]
    largest = max((e.activation[1:].max(initial=0.0) for e in shown), default=0.0) or 1.0
    made = [
        Group(*heading, [exemplar(event, largest) for event in some])
        for heading, some in chosen
        if some
    ]
    return made, largest


def choose(events: Sequence[Event], limit: int) -> list[Event]:
    """The first `limit` events by rank; of quantile exemplars, as many evenly spaced ones."""
    ordered = sorted(events, key=lambda event: event.rank)
    if len(ordered) <= limit or ordered[0].kind != "quantile":
        return ordered[:limit]
    picks = np.linspace(0, len(ordered) - 1, limit).round().astype(int)
    return [ordered[i] for i in picks]


def exemplar(event: Event, largest: float) -> Exemplar:
    """One event as it is shown, with activation relative to `largest`."""
    start, stop = excerpt(len(event.activation), event.query)
    keys = event.keys[start:stop].astype(int) - start
    # In the precision of the table: in another, a byte may be rounded the other way.
    weights = event.weights[start:stop].astype(np.float32)
    share = np.clip(event.activation[start:stop].astype(np.float32) / largest, 0, 1)
    levels = np.minimum(share * LEVELS, LEVELS - 1).astype(int)
    return Exemplar(
        event.document,
        event.context_kind,
        event.rank,
        event.peak,
        event.query - start,
        start,
        len(event.activation) - stop,
        [
            Token(parts(piece), int(level))
            for piece, level in zip(event.pieces[start:stop], levels, strict=True)
        ],
        base64.b64encode((share * 255).round().astype(np.uint8).tobytes()).decode(),
        base64.b64encode(pack(keys, weights)).decode(),
    )


def excerpt(length: int, query: int) -> tuple[int, int]:
    """First token and end of the part of a window that is shown: LONGEST tokens or all."""
    stop = min(length, max(LONGEST, query + AFTER_QUERY))
    return max(0, stop - LONGEST), stop


def pack(keys: Int[np.ndarray, "query kept"], weights: Float[np.ndarray, "query kept"]) -> bytes:
    """Attention rows as bytes: count, weight on keys before the excerpt, then key and weight.

    Keys count from the excerpt's first token and fit a byte because it has at most
    LONGEST; weights are in 255ths. Empty slots of a row (key -1 in the events) have
    weight 0. Weights under SMALLEST_WEIGHT are left out, and so are all but the
    KEYS_SHOWN largest.
    """
    packed = bytearray()
    scaled = (np.clip(weights, 0, 1) * 255).round().astype(int)
    for row_keys, row_weights in zip(keys.tolist(), scaled.tolist(), strict=True):
        pairs = sorted(
            zip(row_keys, row_weights, strict=True), key=lambda pair: (-pair[1], pair[0])
        )
        inside = [(k, w) for k, w in pairs if k >= 0 and w >= SMALLEST_WEIGHT][:KEYS_SHOWN]
        before = sum(w for k, w in pairs if k < 0)
        packed += bytes([len(inside), min(255, before)])
        packed += bytes(value for pair in inside for value in pair)
    return bytes(packed)

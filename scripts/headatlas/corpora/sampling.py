"""Seeded choices that depend on documents' names and places in them, not on tokens or order."""

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from ..records.base import SPLITS, Split


class Window(NamedTuple):
    """The tokens that follow a place in a document."""

    document: str
    start: int
    "character of the document at which its text begins"
    tokens: bytes
    "int32 token ids, BOS included; windows with the same tokens are duplicates"


def split_of(name: str, seed: int, fractions: Mapping[Split, float]) -> Split:
    """Split of a document, from its name and the seed alone: others do not move it."""
    drawn = _draw(seed, "split", name) / 2**64
    ends = np.cumsum([fractions[split] for split in SPLITS])[:-1]
    return SPLITS[int(np.searchsorted(ends, drawn, side="right"))]


def draw(seed: int, purpose: str, document: str, start: int) -> int:
    """The number of a place, for choices: the same for every tokenizer.

    Where the windows of one tokenizer lack a place, the others keep their numbers, so all
    other choices stay as they are. `purpose` keeps choices independent.
    """
    return _draw(seed, purpose, f"{start} {document}")


def choose(windows: Iterable[Window], n: int, seed: int, purpose: str) -> list[Window]:
    """`n` of the windows, those of the smallest numbers, or all if there are fewer."""
    return heapq.nsmallest(n, windows, key=lambda w: draw(seed, purpose, w.document, w.start))


class Sample:
    """At most `quotas[split]` windows of each split, no two of them alike.

    Every window has a number drawn from its place, and a split keeps the windows with
    the largest: a uniform sample of the windows of a stream in memory that does not
    grow with it. A window equal to one that is kept, in whichever split, is refused,
    so no two splits ever hold the same.
    """

    def __init__(self, quotas: Mapping[Split, int], seed: int):
        self._quotas, self._seed = quotas, seed
        self._heaps: dict[Split, list[tuple[int, Window]]] = {split: [] for split in SPLITS}
        self._kept: set[bytes] = set()

    def offer(self, split: Split, window: Window) -> bool:
        """Let a window compete for a place. False if it is a duplicate of one kept."""
        if window.tokens in self._kept:
            return False
        self._kept.add(window.tokens)
        heap = self._heaps[split]
        number = draw(self._seed, "sample", window.document, window.start)
        heapq.heappush(heap, (number, window))
        if len(heap) > self._quotas[split]:
            _, smallest = heapq.heappop(heap)
            self._kept.remove(smallest.tokens)
        return True

    def windows(self, split: Split) -> list[Window]:
        """What a split has kept, by document and start."""
        return sorted(window for _, window in self._heaps[split])


def _draw(seed: int, purpose: str, content: str) -> int:
    """A uniform number below 2**64 that depends on nothing but its arguments."""
    key = f"{purpose} {seed}".encode()
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8, key=key).digest(), "big")

"""One head's random windows as rules see them: features of the text, and what the head did."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from ... import event_rows
from ...records.base import Split
from .context import Context


class Text(NamedTuple):
    """A window without anything the head did in it."""

    split: Split
    window: int
    context: Context


class Measured(NamedTuple):
    """A window and what the head did in it.

    Of each query's attention, that on key 0 and the largest K of the others are kept;
    the others count as 0. So the share of a rule is a lower bound, close for heads that
    attend to few keys. Attention to all tokens of a frequent class may be told as less than
    it is, or not found; attention to everything is told by its entropy, of whole rows.
    """

    context: Context
    activation: Float[np.ndarray, " token"]
    attention: Float[np.ndarray, "query key"]


def read_texts(path: Path, head: int, splits: Sequence[Split]) -> list[Text]:
    """The random windows of `splits`, text alone. Raises InputError if a split has none."""
    found = event_rows.read_texts(path, head, splits)
    return [Text(text.split, text.window, Context(text.tokens, text.pieces)) for text in found]


def read_measured(path: Path, head: int, split: Split) -> list[Measured]:
    """The random windows of `split` with the head's record. Raises InputError if none."""
    return [
        Measured(
            Context(event.tokens.tolist(), event.pieces),
            event.activation,
            event.attention().astype(np.float32),
        )
        for event in event_rows.read_random_windows(path, head, split)
    ]

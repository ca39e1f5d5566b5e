"""A head's random windows beside the features of their text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import event_rows
from ...errors import InputError
from ...records.base import Split
from ...triangle import pack
from ..logit.features import FeatureTable, Windows
from .activity import Seen
from .context import Context

NUMBERS = "windows.npy"  # beside the features of a split: the numbers of its windows, in order


def read_features(folder: Path, split: Split) -> tuple[FeatureTable, list[int]]:
    """The features of the sampled windows of a split, and the numbers of these windows."""
    place = folder / split
    if not (place / NUMBERS).is_file():
        raise InputError(f"{place}: no features of windows; delete {folder} and run again")
    return FeatureTable.load(place), np.load(place / NUMBERS).tolist()


def read_seen(events: Path, features: Path, head: int, split: Split) -> tuple[Seen, list[Context]]:
    """What a head did in the random windows of a split, and their text.

    Raises InputError if there are none, or if the features are of other windows.
    """
    windows = event_rows.read_random_windows(events, head, split)
    table, numbers = read_features(features, split)
    if [window.window for window in windows] != numbers:
        raise InputError(f"{events}: its random windows of {split} are not those of {features}")
    attention = np.concatenate([pack(window.attention()) for window in windows])
    seen = Seen(
        table,
        table.grid.normalised(attention),  # halves do not sum to 1
        np.concatenate([window.activation for window in windows]),
    )
    return seen, [Context(window.tokens.tolist(), window.pieces) for window in windows]


def write_features(folder: Path, contexts: Sequence[Context], numbers: Sequence[int]) -> None:
    """Write the features of windows into `folder`, which is made."""
    FeatureTable(Windows(contexts)).save(folder)
    np.save(folder / NUMBERS, np.array(numbers, np.int64))

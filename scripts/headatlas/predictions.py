"""The one reader and writer of what programs predict, as matrices."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from .controls import Head
from .errors import InputError
from .records.base import Split, head_name
from .records.predictions import PREDICTIONS
from .statistics.divergence import even, first
from .storage import read_facts, read_table, write_rows
from .triangle import pack, unpack

_MATRICES = ("attention", "position")


class Prediction(NamedTuple):
    """What is predicted for one window of T tokens."""

    split: Split
    window: int
    activation: Float[np.ndarray, " T"]
    attention: Float[np.ndarray, "T T"]
    position: Float[np.ndarray, "T T"]  # attention by the position model of the same explanation


@dataclass(frozen=True)
class Predictions:
    """What is predicted of a head; `reason` says why there is nothing."""

    head: Head
    windows: Sequence[Prediction] = ()
    reason: str | None = None

    def of_split(self, split: Split) -> list[Prediction]:
        """The windows of a split, in the order of their numbers."""
        found = [window for window in self.windows if window.split == split]
        return sorted(found, key=lambda window: window.window)


def baselines(predicted: Predictions) -> dict[str, list[Predictions]]:
    """What knows nothing of what the tokens are, as controls by kind (see `measure.CONTROLS`)."""

    def instead(make: Callable[[Prediction], np.ndarray]) -> list[Predictions]:
        windows = [window._replace(attention=make(window)) for window in predicted.windows]
        return [Predictions(predicted.head, windows, predicted.reason)]

    return {
        "position_": instead(lambda window: window.position),
        "first_": instead(lambda window: first(len(window.attention))),
        "even_": instead(lambda window: even(len(window.attention))),
    }


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a table of `records.predictions.PREDICTIONS`; the reason is one of its facts."""
    layer, head = predictions.head
    rows: list[dict[str, object]] = []
    for at in predictions.windows:
        row = {"layer": layer, "head": head, "split": at.split, "window": at.window}
        matrices = {name: pack(getattr(at, name)).astype(np.float16) for name in _MATRICES}
        rows.append({**row, "activation": at.activation, **matrices})
    facts: dict[str, object] = {"layer": layer, "head": head, "reason": predictions.reason}
    write_rows(path, rows, PREDICTIONS, facts)


def read_predictions(path: Path, expected: Head) -> Predictions:
    """What was predicted of a head. Raises InputError if the file is about another one."""
    reason = _check_head(path, expected)["reason"]
    return Predictions(expected, list(_windows(path)), None if reason is None else str(reason))


def _check_head(path: Path, expected: Head) -> dict[str, object]:
    """The facts of a table. Raises InputError if it is about another head."""
    facts = read_facts(path)
    found = int(str(facts["layer"])), int(str(facts["head"]))
    if found != expected:
        names = head_name(*found), head_name(*expected)
        raise InputError(f"{path}: is about {names[0]}, expected is {names[1]}")
    return facts


def _windows(path: Path) -> Iterator[Prediction]:
    table = read_table(path, PREDICTIONS)
    for row in range(len(table)):
        cell = {name: table.column(name)[row] for name in ("activation", *_MATRICES)}
        activation, *matrices = (np.asarray(c.values).astype(float) for c in cell.values())
        yield Prediction(
            table.column("split")[row].as_py(),
            table.column("window")[row].as_py(),
            activation,
            *map(unpack, matrices),
        )


def read_activation(path: Path, expected: Head) -> dict[int, Float[np.ndarray, " T"]]:
    """The activation that is predicted of a head, by window. Raises InputError likewise."""
    _check_head(path, expected)
    table = read_table(path, PREDICTIONS, ["window", "activation"])
    cells = zip(table["window"].to_pylist(), table["activation"], strict=True)
    return {window: np.asarray(cell.values).astype(float) for window, cell in cells}


class Packed(NamedTuple):
    """Attention that is predicted of a head in some windows, as it is stored."""

    attention: Float[np.ndarray, "window pair"]
    position: Float[np.ndarray, "window pair"]


def predicted_windows(path: Path, expected: Head, split: Split) -> list[int]:
    """The windows of a split in which anything is predicted of a head, in order."""
    _check_head(path, expected)
    table = read_table(path, PREDICTIONS)
    found = table.column("window").to_numpy()[table.column("split").to_numpy() == split]
    return sorted(found.tolist())


def read_packed(path: Path, expected: Head, windows: Sequence[int]) -> Packed | None:
    """What is predicted of a head in `windows`, in their order; None if nothing is.

    Raises InputError if the file is about another head, or lacks one of the windows.
    """
    _check_head(path, expected)
    table = read_table(path, PREDICTIONS)
    if not len(table):
        return None
    place = {window: row for row, window in enumerate(table.column("window").to_pylist())}
    if missing := [window for window in windows if window not in place]:
        raise InputError(f"{path}: predicts nothing for window {missing[0]}")
    rows = [place[window] for window in windows]
    columns = [table.column(name) for name in _MATRICES]
    return Packed(*(np.stack([np.asarray(c[row].values) for row in rows]) for c in columns))

"""The geometry of the comparison's charts: values with intervals, a colour for each series."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ..figures import interval, number
from ..reporting.charts import CATEGORICAL, nice_ends, place, ticks
from .sweep import Row

WIDTH, HEIGHT = 340, 150
_MARGIN, _APART = 26, 7  # of the outermost values; between values of several series at a place


class Mark(NamedTuple):
    """A value and the ends of its interval, in user units; `text` says what it is."""

    x: float
    y: float
    top: float | None
    bottom: float | None
    text: str


class Plot(NamedTuple):
    """Series of marks on a horizontal axis whose places have names."""

    width: int
    height: int
    y_ticks: list[tuple[float, float]]
    x_labels: list[tuple[float, str]]
    series: list[tuple[str, str, list[Mark]]]


def plot(
    rows: Sequence[Row], series: Sequence[str], by: Sequence[str], places: dict[str, float]
) -> Plot:
    """Draw `value` of rows; `series` and `by` are the series and the place of each.

    `places` has the place of each name on the horizontal axis, in the order of its labels.
    """
    shown = [n for n, row in enumerate(rows) if row["value"] is not None]
    ends = [rows[n][key] for n in shown for key in ("low", "value", "high")]
    known = [end for end in ends if end is not None] or [0.0]
    low, high = nice_ends(min(known), max(known))
    left, right = min(places.values()), max(places.values())
    names = list(dict.fromkeys(series))

    def x_of(name: str) -> float:
        share = (places[name] - left) / (right - left) if right > left else 0.5
        return _MARGIN + share * (WIDTH - 2 * _MARGIN)

    def y_of(value: float) -> float:
        return round(HEIGHT - place(value, low, high, HEIGHT), 2)

    def mark(n: int) -> Mark:
        row = rows[n]
        shift = (names.index(series[n]) - (len(names) - 1) / 2) * _APART
        top, bottom = (None if row[key] is None else y_of(row[key]) for key in ("high", "low"))
        words = f"{series[n]}, {by[n]}: {number(row['value'])} {interval(row['low'], row['high'])}"
        text = f"{words}, {row['n']} heads"
        return Mark(round(x_of(by[n]) + shift, 2), y_of(row["value"]), top, bottom, text)

    return Plot(
        WIDTH,
        HEIGHT,
        [(tick, y_of(tick)) for tick in ticks(low, high)],
        [(round(x_of(name), 2), name) for name in places],
        [
            (
                name,
                CATEGORICAL[at % len(CATEGORICAL)],
                [mark(n) for n in shown if series[n] == name],
            )
            for at, name in enumerate(names)
        ],
    )


def by_size(sizes: dict[str, int]) -> dict[str, float]:
    """Places of models on a logarithmic axis of their parameters.

    Where two would overlap, all stand at equal steps in the order of their size.
    """
    logs = {name: math.log10(max(size, 1)) for name, size in sizes.items()}
    ordered = sorted(logs, key=lambda name: (logs[name], name))
    span = max(logs.values()) - min(logs.values())
    gaps = [logs[b] - logs[a] for a, b in pairwise(ordered)]
    if not gaps or min(gaps) <= 0.2 * span:
        return {name: float(n) for n, name in enumerate(ordered)}
    return {name: logs[name] for name in ordered}

"""Numbers to geometry: colour scales, histograms and positions, without any drawing."""

import math
from collections.abc import Sequence
from typing import NamedTuple

LEVELS = 32
BINS = 25
STRIP = 240  # width of a value with its interval beside a label
_SEQUENTIAL = ("#1b2a55", "#45537a", "#8a8470", "#c7ab52", "#fbe66f")
_DIVERGING = ("#b3520f", "#e5a86b", "#e9e7e2", "#7fa9d6", "#1d569e")
CATEGORICAL = ("#0b6fb3", "#e09a00", "#12936f", "#c8601b", "#c06a9c", "#4fb0e0", "#9a8c1a")


class Scale(NamedTuple):
    """Where values lie: `low` and `high` are its ends, `colours` its steps; one for one value."""

    low: float
    high: float
    colours: tuple[str, ...]

    def level(self, value: float | None) -> int:
        """Index of the colour of a value, clamped to the ends; -1 where there is none."""
        if value is None:
            return -1
        if self.low == self.high:
            return 0
        share = (value - self.low) / (self.high - self.low)
        return min(LEVELS - 1, max(0, int(share * LEVELS)))


class Panel(NamedTuple):
    """A score and its control as two histograms over the same bins."""

    low: float
    high: float
    score: list[int]
    control: list[int]
    score_median: float | None
    control_median: float | None
    n: int
    n_control: int


def ramp(stops: Sequence[str], levels: int = LEVELS) -> tuple[str, ...]:
    """`levels` colours that run evenly through the stops (`#rrggbb`), linear in sRGB."""
    channels = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops]
    colours = []
    for step in range(levels):
        place = step / (levels - 1) * (len(stops) - 1)
        below = min(int(place), len(stops) - 2)
        mixed = [
            round(a + (b - a) * (place - below))
            for a, b in zip(channels[below], channels[below + 1], strict=True)
        ]
        colours.append("#{:02x}{:02x}{:02x}".format(*mixed))
    return tuple(colours)


def scale(values: Sequence[float | None], *, signed: bool) -> Scale:
    """The colour scale of a measure: sequential, or about zero where its sign matters."""
    known = [value for value in values if value is not None] or [0.0]
    if signed:
        reach = max(map(abs, known)) or 1.0
        return Scale(-reach, reach, ramp(_DIVERGING))
    low, high = min(known), max(known)
    return Scale(low, high, ramp(_SEQUENTIAL) if high > low else _SEQUENTIAL[2:3])


def quantile(values: Sequence[float], share: float) -> float | None:
    """Quantile by linear interpolation between order statistics; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def histogram(values: Sequence[float], low: float, high: float, bins: int = BINS) -> list[int]:
    """Counts of the values in equal bins over [low, high]; values outside go to the end bins."""
    counts = [0] * bins
    for value in values:
        place = int((value - low) / (high - low) * bins)
        counts[min(bins - 1, max(0, place))] += 1
    return counts


def panel(values: Sequence[float], control: Sequence[float]) -> Panel:
    """Both histograms on an axis that spans the 1 % to 99 % quantiles of all values."""
    together = [*values, *control]
    low, high = nice_ends(quantile(together, 0.01) or 0.0, quantile(together, 0.99) or 0.0)
    return Panel(
        low,
        high,
        histogram(values, low, high),
        histogram(control, low, high),
        quantile(values, 0.5),
        quantile(control, 0.5),
        len(values),
        len(control),
    )


def step_size(span: float) -> float:
    """The 1, 2 or 5 times a power of ten that cuts a span into four to nine parts."""
    power = 10.0 ** math.floor(math.log10(span / 4))
    return next(m * power for m in (5.0, 2.0, 1.0) if span / (m * power) >= 4 or m == 1.0)


def nice_ends(low: float, high: float) -> tuple[float, float]:
    """Axis ends at round numbers that hold zero and both values."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = step_size(high - low if high - low > 1e-6 else 1.0)
    ends = math.floor(low / step) * step, math.ceil(high / step) * step
    return (round(ends[0], 9), round(ends[1], 9)) if ends[1] > ends[0] else (0.0, 1.0)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers on an axis, its ends included where they are round."""
    step = step_size(high - low)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(step * i, 9) for i in range(first, last + 1)]


def place(value: float, low: float, high: float, width: int) -> float:
    """Where a value lies on an axis of that width, clamped to its ends."""
    return round(min(1.0, max(0.0, (value - low) / (high - low))) * width, 2)


class Mark(NamedTuple):
    """A bin of distance on the curve of a kernel; no height where the model says nothing of it."""

    x: float
    y: float | None
    label: str


class Tick(NamedTuple):
    y: float
    label: str


class Curve(NamedTuple):
    """A kernel over distance, drawn on a logarithmic scale of odds."""

    width: float
    height: float
    left: float
    marks: list[Mark]
    ticks: list[Tick]


LEAST_ODDS = -4  # powers of ten that the curve goes down to


def kernel(bins: Sequence[int], values: Sequence[float]) -> Curve:
    """The odds of a key by the bin of its distance, against the likeliest bin.

    Bins at which no key was seen have the score 0 and are beyond the last one that has another.
    """
    width, height, left, top, bottom = 640.0, 160.0, 56.0, 10.0, 130.0
    seen = max((n for n, value in enumerate(values) if value != 0), default=0) + 1
    powers = [(value - max(values[:seen])) / math.log(10) for value in values[:seen]]
    lowest = max(min(math.floor(min(powers)), -1), LEAST_ODDS)

    def height_of(power: float) -> float:
        return round(top + (bottom - top) * max(power, lowest) / lowest, 2)

    step = (width - left) / max(len(powers), 1)
    starts = [0, *(end + 1 for end in bins)]
    labels = [
        f"{start}" if n < len(bins) and bins[n] == start else f"{start}–"
        for n, start in enumerate(starts[:seen])
    ]
    marks = [
        Mark(round(left + step * (n + 0.5), 2), height_of(power), labels[n])
        for n, power in enumerate(powers)
    ]
    ticks = [
        Tick(height_of(float(power)), "1" if power == 0 else f"{10.0**power:.{-power}f}")
        for power in range(0, lowest - 1, -1)
    ]
    return Curve(width, height, left, marks, ticks)

"""The three pictures at the head of a page: where a head looks, what it writes, what depends on it.

Each is a list of values with their intervals on one axis; what they are held against stands below
them, in the colour of controls.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from headatlas.figures import interval, number
from headatlas.records.explanation import Behaviour

from .catalogue import OBJECT_NAMES
from .charts import STRIP, nice_ends, place, ticks
from .claims import Claims
from .dependence import KIND, Figures
from .formats import effect as effect_text
from .formats import tick
from .substitution import Effect

_MOST_POWERS = 4  # of ten that an axis of odds goes up or down


class Entry(NamedTuple):
    """A value with its interval, if it has one, and the figures in words."""

    label: str
    text: str
    value: float
    low: float | None = None
    high: float | None = None
    control: bool = False


class Strip(NamedTuple):
    """An entry in user units; without interval its ends are its value."""

    label: str
    text: str
    value: float
    low: float
    high: float
    control: bool


class Picture(NamedTuple):
    """Strips on one axis, `STRIP` wide; `zero` is the place of no effect."""

    strips: list[Strip]
    ticks: list[tuple[float, str]]
    zero: float
    unit: str


def where(behaviours: Iterable[Behaviour]) -> Picture | None:
    """The odds of the behaviours that have them; None if none has."""
    entries = [
        Entry(
            f"{b.attends_to}, when {b.active_when}" if b.active_when else b.attends_to,
            f"× {number(b.odds)} {interval(b.odds_low, b.odds_high)}".strip(),
            math.log10(b.odds),
            _power(b.odds_low),
            _power(b.odds_high),
        )
        for b in behaviours
        if b.odds
    ]
    return _odds(entries, "Times the odds of a like key elsewhere") if entries else None


def _power(odds: float | None) -> float | None:
    return math.log10(odds) if odds else None


def writes(claims: Claims | None, name: str) -> Picture | None:
    """The lift of each object on test documents, beside the largest of random weights."""
    head = claims.heads.get(name) if claims else None
    if head is None or claims is None:
        return None
    entries = []
    for thing, label in OBJECT_NAMES.items():
        lift = head.lifts.get(thing)
        if lift and lift.value is not None:
            text = f"{number(lift.value)} {interval(lift.low, lift.high)}".strip()
            entries.append(Entry(label, text, lift.value, lift.low, lift.high))
            if thing in claims.largest:
                value = math.copysign(claims.largest[thing], lift.value)
                entries.append(Entry("most, random weights", number(value), value, control=True))
    return (
        linear(entries, "Standard deviations of what it adds to the vocabulary")
        if entries
        else None
    )


def depends(figures: Figures | None, replaced: Mapping[str, Effect] | None) -> Picture | None:
    """What the model loses: without the head, and with other attention in the place of its own."""
    entries = list(_losses(figures or {}, replaced or {}))
    return linear(entries, "Nats a token that the model loses") if entries else None


def _losses(figures: Figures, replaced: Mapping[str, Effect]) -> Iterator[Entry]:
    row = figures.get((KIND, "loss"))
    if row is not None and row["value"] is not None:
        yield Entry("without it", effect_text(row), row["value"], row["low"], row["high"])
    for variant in ("explanation", "position", "other"):
        if variant in replaced:
            found = replaced[variant]
            low, high = (math.log(end) if end else None for end in (found.low, found.high))
            row = {"value": math.log(found.ratio), "low": low, "high": high}
            control = variant != "explanation"
            label = f"with {found.label}"
            yield Entry(label, effect_text(row), row["value"], low, high, control)


def linear(entries: Sequence[Entry], unit: str) -> Picture:
    """Entries on an axis that holds zero."""
    low, high = nice_ends(min(_ends(entries)), max(_ends(entries)))
    marks = [(place(value, low, high, STRIP), tick(value)) for value in ticks(low, high)]
    return Picture(_strips(entries, low, high), marks, place(0.0, low, high, STRIP), unit)


def _odds(entries: Sequence[Entry], unit: str) -> Picture:
    """Entries are powers of ten: the axis is logarithmic, and 1 is no effect."""
    lowest = max(-_MOST_POWERS, math.floor(min(0.0, *_ends(entries))))
    highest = min(_MOST_POWERS, max(math.ceil(max(0.0, *_ends(entries))), lowest + 1))
    powers = [float(power) for power in range(lowest, highest + 1)]
    low, high = powers[0], powers[-1]
    marks = [(place(power, low, high, STRIP), tick(10.0**power)) for power in powers]
    return Picture(_strips(entries, low, high), marks, place(0.0, low, high, STRIP), unit)


def _ends(entries: Sequence[Entry]) -> list[float]:
    return [end for e in entries for end in (e.value, e.low, e.high) if end is not None]


def _strips(entries: Sequence[Entry], low: float, high: float) -> list[Strip]:
    def at(value: float) -> float:
        return place(value, low, high, STRIP)

    return [
        Strip(
            e.label,
            e.text,
            at(e.value),
            at(e.value if e.low is None else e.low),
            at(e.value if e.high is None else e.high),
            e.control,
        )
        for e in entries
    ]

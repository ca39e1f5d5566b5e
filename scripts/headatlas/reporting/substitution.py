"""What the model loses when heads attend as explained: rows to figures and a curve."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .charts import CATEGORICAL, place

WIDTH, HEIGHT = 420, 240
# What a variant of `records.substitution` is called, in the order in which they are told.
VARIANTS = {
    "explanation": "its explanation",
    "position": "its position model",
    "other": "another head's explanation",
    "even": "even attention",
    "off": "nothing: the head is off",
}
_STEPS = (
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
)  # ticks, then by powers of ten


class Effect(NamedTuple):
    """A row of `records.substitution.SUBSTITUTION`."""

    label: str
    heads: int
    loss: float
    ratio: float
    low: float | None
    high: float | None
    kl: float
    recovered: float | None
    recovered_low: float | None
    recovered_high: float | None
    n: int


class Line(NamedTuple):
    """A variant as a line: corners in user units, each with its value in words of the row."""

    label: str
    colour: str
    points: list[tuple[float, float, int, Effect]]


class Curve(NamedTuple):
    """Perplexity, as a multiple of the model's, against the share of heads; a log scale."""

    width: int
    height: int
    ticks: list[tuple[float, float]]  # value and place
    shares: list[tuple[int, float]]
    lines: list[Line]


class Substituted(NamedTuple):
    """What a run tells of it. `of_heads` is by head and variant."""

    loss: float
    n: int
    shares: dict[int, dict[str, Effect]]
    layers: dict[int, dict[str, Effect]]
    of_heads: dict[str, dict[str, Effect]]
    curve: Curve


def substituted(rows: Sequence[Mapping[str, Any]]) -> Substituted | None:
    """The rows of a table by what they are about; None if there were no windows."""
    own = next((row for row in rows if row["scope"] == "model"), None)
    if own is None:
        return None
    shares = _by_which((row for row in rows if row["scope"] == "share"), int)
    return Substituted(
        own["loss"],
        own["n"],
        shares,
        _by_which((row for row in rows if row["scope"] == "layer"), int),
        _by_which((row for row in rows if row["scope"] == "head"), str),
        _curve(shares),
    )


def _by_which(rows: Iterable[Mapping[str, Any]], kind: Any) -> dict[Any, dict[str, Effect]]:
    found: dict[Any, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(kind(row["which"]), {})[row["variant"]] = dict(row)
    return {
        which: {
            variant: _effect(label, variants[variant])
            for variant, label in VARIANTS.items()
            if variant in variants
        }
        for which, variants in found.items()
    }


def _effect(label: str, row: Mapping[str, Any]) -> Effect:
    return Effect(label, **{name: row[name] for name in Effect._fields if name != "label"})


def _curve(shares: Mapping[int, Mapping[str, Effect]]) -> Curve:
    ratios = [effect.ratio for variants in shares.values() for effect in variants.values()]
    top = next(step for step in _steps() if step >= max([*ratios, 1.5]))

    def height(ratio: float) -> float:
        return round(HEIGHT - place(math.log(max(ratio, 1.0)), 0.0, math.log(top), HEIGHT), 2)

    lines = []
    for (variant, label), colour in zip(VARIANTS.items(), CATEGORICAL, strict=False):
        points = [
            (
                place(share / 100, 0.0, 1.0, WIDTH),
                height(variants[variant].ratio),
                share,
                variants[variant],
            )
            for share, variants in shares.items()
            if variant in variants
        ]
        if points:
            lines.append(Line(label, colour, points))
    ticks = [(step, height(step)) for step in _ticks(top)]
    return Curve(
        WIDTH, HEIGHT, ticks, [(s, place(s / 100, 0.0, 1.0, WIDTH)) for s in shares], lines
    )


def _steps() -> Iterable[float]:
    yield from _STEPS
    power = 1000.0
    while True:
        yield power
        power *= 10


def _ticks(top: float) -> list[float]:
    """All round numbers up to the top where these are few, else powers of ten."""
    fine = [step for step in _STEPS if step <= top]
    if top <= 20:
        return fine
    return [10.0**n for n in range(math.floor(math.log10(top)) + 1)]

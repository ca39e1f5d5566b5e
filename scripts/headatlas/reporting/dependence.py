"""What depends on the heads: the heads on which most does, and how well gradients tell."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from headatlas.intervals import Estimate, resampled
from headatlas.records.base import head_name
from headatlas.statistics.spearman import spearman

from .charts import place

SHOWN, WIDTH = 10, 220
SHOWN_AS_ZERO = 0.0005  # nats a token
MOST = 0.5  # the smaller of direct and total effect is no more of the larger: that misleads
KIND = "mean"  # the ablation that pages rank by
Figures = dict[tuple[str, str], dict[str, Any]]  # rows by kind and figure
RESAMPLES = 1000


class Bar(NamedTuple):
    """A head's loss with its interval in user units, `WIDTH` wide, and the place of zero."""

    name: str
    low: float
    high: float
    value: float
    zero: float


class Dependence(NamedTuple):
    """What a run tells of it. `ablated` are the heads, by name, with exact effects."""

    n: int
    ablated: dict[str, Figures]
    top: list[tuple[str, Figures, Bar]]
    agreement: Estimate | None


def dependence(rows: Iterable[Mapping[str, Any]]) -> Dependence | None:
    """The rows of `records.effects.EFFECTS` by head; None if nothing was ablated."""
    by_head: dict[str, Figures] = {}
    for row in rows:
        figures = by_head.setdefault(head_name(row["layer"], row["head"]), {})
        figures[row["kind"], row["figure"]] = dict(row)
    ablated = {name: f for name, f in by_head.items() if (KIND, "loss") in f}
    if not ablated:
        return None
    names = sorted(ablated, key=lambda name: (-ablated[name][KIND, "loss"]["value"], name))
    shown = [(name, ablated[name]) for name in names[:SHOWN]]
    bars = _bars([(name, figures[KIND, "loss"]) for name, figures in shown])
    n = shown[0][1][KIND, "loss"]["n"]
    top = [(name, figures, bar) for (name, figures), bar in zip(shown, bars, strict=True)]
    return Dependence(n, ablated, top, _agreement(list(ablated.values())))


def misleading(figures: Figures) -> str | None:
    """A warning where the direct effect alone would mislead: later components turn it round.

    That is where the direct effect is clearly there and the total is not, or less than half of
    it, or is of the other sign, and where the total clearly is and the direct effect is not, or
    less than half of it.
    """
    direct, total = (figures.get((KIND, name)) for name in ("direct", "loss"))
    if direct is None or total is None:
        return None
    sides = side_of(direct), side_of(total)
    if sides[0] and not sides[1]:
        return (
            "Its direct effect is clear, but not what the model loses without it: later layers "
            "make up for it, or undo what it writes."
        )
    if sides[0] * sides[1] < 0:
        return (
            "Its direct effect and what the model loses without it are of opposite sign: later "
            "layers do more than make up for it."
        )
    if sides[1] and not sides[0]:
        return (
            "What the model loses without it is clear, but not its direct effect: it works through "
            "later layers."
        )
    sizes = abs(direct["value"]), abs(total["value"])
    if all(sides) and sizes[1] < MOST * sizes[0]:
        return (
            "What the model loses without it is less than half of its direct effect: later layers "
            "make up for most of it, or undo it."
        )
    if all(sides) and sizes[0] < MOST * sizes[1]:
        return (
            "Its direct effect is less than half of what the model loses without it: it works "
            "mostly through later layers."
        )
    return None


def side_of(row: Mapping[str, Any]) -> int:
    """1 or −1 if a figure's interval is above or below zero; 0 if not, or if it is shown as 0."""
    if row["low"] is None or abs(row["value"]) < SHOWN_AS_ZERO:
        return 0
    return int(row["low"] > 0) - int(row["high"] < 0)


def _agreement(heads: Sequence[Figures]) -> Estimate | None:
    """Spearman's correlation of estimates and exact effects over heads, which are resampled."""
    pairs = [
        (figures[KIND, "estimate"]["value"], figures[KIND, "loss"]["value"])
        for figures in heads
        if (KIND, "estimate") in figures
    ]
    if len(pairs) < 3:
        return None
    return resampled(np.array(pairs, float), spearman, RESAMPLES, 0)


def _bars(losses: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Bar]:
    ends = [
        end
        for _, row in losses
        for end in (row["low"], row["high"], row["value"])
        if end is not None
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    high = high if high > low else low + 1.0

    def at(value: float | None, instead: float) -> float:
        return place(instead if value is None else value, low, high, WIDTH)

    return [
        Bar(
            name,
            at(row["low"], row["value"]),
            at(row["high"], row["value"]),
            at(row["value"], 0.0),
            at(0.0, 0.0),
        )
        for name, row in losses
    ]

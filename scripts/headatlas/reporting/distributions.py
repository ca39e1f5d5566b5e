"""Heads to numbers over heads: spreads of scores, families and rankings."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headatlas.measure import Measure, clearly_above

from .charts import quantile
from .heads import Head


def known(values: Iterable[float | None]) -> list[float]:
    """The values that there are."""
    return [value for value in values if value is not None]


class Spread(NamedTuple):
    """A score over all heads: quartiles, medians of its controls and margins.

    `above` of the `compared` heads have a margin that is clearly there (`clearly_above`).
    """

    measure: Measure
    n: int
    quartiles: tuple[float | None, float | None, float | None]
    control: float | None
    margin: float | None
    layer_control: float | None
    layer_margin: float | None
    compared: int
    above: int


def spread(heads: Sequence[Head], measure: Measure) -> Spread:
    """Distribution of a score over heads, beside those of its controls."""

    def all_of(key: str | None) -> list[float]:
        return known(head.value(key) for head in heads) if key else []

    values, margins = all_of(measure.name), all_of(measure.margin)
    return Spread(
        measure,
        len(values),
        (quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)),
        quantile(all_of(measure.control), 0.5),
        quantile(margins, 0.5),
        quantile(all_of(measure.layer_control), 0.5),
        quantile(all_of(measure.layer_margin), 0.5),
        len(margins),
        len(margins) - len(weak(heads, measure)),
    )


def counts(heads: Sequence[Head]) -> dict[str, int]:
    """Heads by status; `told` have an explanation, which of those `beaten` is not above control."""
    statuses = [head.status for head in heads]
    names = ("explained", "not compared", "unexplained", "failed")
    found = {name.replace(" ", "_"): statuses.count(name) for name in names}
    return found | {
        "beaten": sum(head.beaten for head in heads),
        "told": sum(head.explanation.status == "explained" for head in heads),
    }


def families(heads: Sequence[Head]) -> dict[str, list[Head]]:
    """Heads by their family, the largest family first."""
    found: dict[str, list[Head]] = {}
    for head in heads:
        if head.family is not None:
            found.setdefault(head.family, []).append(head)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def ranked(heads: Sequence[Head], measure: Measure) -> list[Head]:
    """Heads that have the score, best first; ties by layer and head."""
    scored = [head for head in heads if head.value(measure.name) is not None]
    return sorted(scored, key=lambda head: -(head.value(measure.name) or 0.0))


def weak(heads: Sequence[Head], measure: Measure) -> list[Head]:
    """Heads whose margin is not clearly there (`clearly_above`), weakest first.

    Heads without a margin are not among them.
    """
    found = []
    for head in heads:
        margin = head.main(measure.margin) if measure.margin else None
        if margin and margin.value is not None and not clearly_above(margin.value, margin.low):
            found.append((margin.value, head))
    return [head for _, head in sorted(found, key=lambda pair: pair[0])]

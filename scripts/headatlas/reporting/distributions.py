"""Heads to numbers over heads: spreads of scores, families and rankings."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .catalogue import Measure
from .charts import quantile
from .tables import Head


def known(values: Iterable[float | None]) -> list[float]:
    """The values that there are."""
    return [value for value in values if value is not None]


class Spread(NamedTuple):
    """A score over all heads: quartiles, medians of its control and margin.

    `above` of the `compared` heads have a margin whose 95 % interval lies above zero.
    """

    measure: Measure
    n: int
    quartiles: tuple[float | None, float | None, float | None]
    control: float | None
    margin: float | None
    compared: int
    above: int


def spread(heads: Sequence[Head], measure: Measure) -> Spread:
    """Distribution of a score over heads, beside that of its control."""
    triples = [head.values(measure) for head in heads]
    values, controls, margins = (known(triple[i] for triple in triples) for i in range(3))
    return Spread(
        measure,
        len(values),
        (quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)),
        quantile(controls, 0.5),
        quantile(margins, 0.5),
        len(margins),
        len(margins) - len(weak(heads, measure)),
    )


def families(heads: Sequence[Head]) -> dict[str, list[Head]]:
    """Heads by family of the first behaviour, the largest family first."""
    found: dict[str, list[Head]] = {}
    for head in heads:
        if head.family is not None:
            found.setdefault(head.family, []).append(head)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def ranked(heads: Sequence[Head], measure: Measure) -> list[Head]:
    """Heads that have the score, best first; ties by layer and head."""
    scored = [head for head in heads if head.value(measure.key) is not None]
    return sorted(scored, key=lambda head: -(head.value(measure.key) or 0.0))


def weak(heads: Sequence[Head], measure: Measure) -> list[Head]:
    """Heads whose margin is not clearly above zero (by its interval), weakest first.

    Heads without a margin are not among them.
    """
    found = []
    for head in heads:
        margin = head.main(measure.margin) if measure.margin else None
        if margin is None or margin.value is None:
            continue
        if (margin.value if margin.low is None else margin.low) <= 0:
            found.append((margin.value, head))
    return [head for _, head in sorted(found, key=lambda pair: pair[0])]

"""The layer x head map: for each measure, a colour and a text for every head."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headatlas.figures import number
from headatlas.measure import Measure
from headatlas.visible import visible

from .catalogue import METRICS, Quantity
from .charts import CATEGORICAL, scale
from .heads import Head

OTHER = "#8b8d94"


class Colouring(NamedTuple):
    """One way to colour the map.

    `levels` holds an index into `colours` per head, -1 where there is no value, and
    `texts` the value in words. `legend` names the colours: the two ends of a scale, or
    every class; the one value of heads that all have the same is a class. `values` are the
    values themselves where they are numbers, to four digits.
    """

    group: str
    label: str
    definition: str
    classes: bool
    colours: list[str]
    legend: list[str]
    levels: list[int]
    texts: list[str]
    values: list[float | None]


class Numbers(NamedTuple):
    """What is known of every head beside its scores and metrics, and under which heading."""

    group: str
    quantity: Quantity
    values: list[float | None]


def colourings(
    heads: Sequence[Head],
    scores: Sequence[Measure],
    metrics: Sequence[str],
    more: Iterable[Numbers] = (),
) -> list[Colouring]:
    """All colourings of the map: scores and their margins, families, head metrics, and `more`."""
    made = []
    for measure in scores:
        made.append(_numbers("Scores", measure, [head.value(measure.name) for head in heads]))
        if measure.margin:
            margin = Quantity(
                measure.margin,
                f"{measure.label}: margin over control",
                "The score less the mean of the same score over other heads' explanations.",
                True,
            )
            made.append(_numbers("Scores", margin, [head.values(measure)[2] for head in heads]))
    made.append(
        _names(
            "Behaviour family",
            "Family of the head's first behaviour beside resting, as its explanation states it.",
            [head.family for head in heads],
        )
    )
    made.append(
        _names(
            "Cluster",
            "Group of heads whose explanations are alike.",
            [head.cluster_label for head in heads],
        )
    )
    for metric in METRICS:
        if metric.name in metrics:
            found = [head.metrics.get(metric.name) for head in heads]
            made.append(_numbers("Head metrics", metric, [m.value if m else None for m in found]))
    made += [_numbers(*numbers) for numbers in more]
    return made


def map_script(maps: Iterable[Colouring]) -> str:
    """`maps.js`: what the map and the scatter plot show of each head, in `headAtlasMaps`."""
    shown = ("colours", "levels", "texts", "values")
    data = [{name: getattr(one, name) for name in shown} for one in maps]
    return f"globalThis.headAtlasMaps = {json.dumps(data, separators=(',', ':'))};\n"


def _numbers(group: str, measure: Measure | Quantity, values: Sequence[float | None]) -> Colouring:
    colours = scale(values, signed=measure.signed)
    one = colours.low == colours.high
    found = {number(value) for value in values if value is not None}
    return Colouring(
        group,
        measure.label,
        measure.definition,
        one,
        list(colours.colours),
        [*found] if one else [number(colours.low), number(colours.high)],
        [colours.level(value) for value in values],
        [number(value) for value in values],
        [None if value is None else float(f"{value:.4g}") for value in values],
    )


def _names(label: str, definition: str, names: Sequence[str | None]) -> Colouring:
    """Classes by size; those beyond the palette share one colour."""
    counts = Counter(name for name in names if name is not None)
    order = sorted(counts, key=lambda name: (-counts[name], name))
    own, rest = order[: len(CATEGORICAL)], order[len(CATEGORICAL) :]
    level = {name: i for i, name in enumerate(own)} | dict.fromkeys(rest, len(own))
    legend = [f"{visible(name)} ({counts[name]})" for name in own]
    if rest:
        legend.append(f"{len(rest)} others ({sum(counts[name] for name in rest)})")
    return Colouring(
        "Families",
        label,
        definition,
        True,
        [*CATEGORICAL[: len(own)], *([OTHER] if rest else [])],
        legend,
        [-1 if name is None else level[name] for name in names],
        ["none" if name is None else visible(name) for name in names],
        [],
    )

"""Rules and divisions written out as a program, with mass and activation fitted on train."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool

from ...records.explanation import Program, Rule
from .activity import REST, Division, groups
from .language import Expression
from .sample import Sample
from .search import Found


def build_program(
    rules: Sequence[Found],
    divisions: Sequence[Division],
    rests: bool,
    train: Sample,
    sources: Sequence[Expression],
    triggers: Sequence[Expression],
) -> Program:
    """A decision list: each rule after its divisions, then the divisions of the rest.

    The divisions of the rest are rules of attention to the first token, and so is a last
    rule for all other queries if the head `rests` there.
    """
    group = groups(rules, divisions, train)
    found = []
    lines = list(_in_order(rules, divisions))
    if rests:
        always = next(i for i, trigger in enumerate(triggers) if trigger.name == "any")
        lines.append((REST, None, always))
    for number, source, trigger in lines:
        own = group == number
        found.append(
            Rule(
                source="first_token" if source is None else str(sources[source]),
                trigger=str(triggers[trigger]),
                mass=_digits(_mass(train, own, source)),
                activation=_digits(_mean(train.activation, own)),
            )
        )
    return Program(rules=found, rest_activation=_digits(_mean(train.activation, group == REST)))


def _in_order(
    rules: Sequence[Found], divisions: Sequence[Division]
) -> Iterator[tuple[int, int | None, int]]:
    """Group, source (None for the first token) and trigger of each line of the program."""
    for parent in (*range(len(rules)), REST):
        source = None if parent == REST else rules[parent].source
        for i, division in enumerate(divisions):
            if division.group == parent:
                yield len(rules) + i, source, division.trigger
        if parent != REST:
            yield parent, source, rules[parent].trigger


def _mass(train: Sample, own: Bool[np.ndarray, " query"], source: int | None) -> float:
    """The mass that fits best (see search.py) at the queries `own`."""
    if source is None:
        return _mean(train.rest, own)
    weight = 1 / train.count[own, source]
    return float((train.mass[own, source] * weight).sum() / weight.sum()) if own.any() else 0.0


def _mean(values: np.ndarray, own: Bool[np.ndarray, " query"]) -> float:
    """Mean where `own`; over all queries if there is none."""
    return float(values[own].mean() if own.any() else values.mean())


def _digits(value: float) -> float:
    return float(f"{value:.6g}")

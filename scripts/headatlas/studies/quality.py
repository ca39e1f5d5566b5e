"""The measures of a study by head: scores on test documents, and shares of heads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..measure import Measure
from ..measures import MEASURES
from ..reporting.catalogue import Quantity
from ..verdict import CRITERION, DECIDING
from .arms import Found, Place

SHARES = (
    Quantity("explained", "Explained", f"Share of heads that are. {CRITERION}"),
    Quantity(
        "not_compared",
        "Not compared",
        "Share of heads that have an explanation, but no margin by which to count as explained, or "
        "not to: mostly since all other heads' explanations say the same.",
    ),
    Quantity(
        "with_explanation",
        "With an explanation",
        "Share of heads that have one, whether or not it counts.",
    ),
)
_MARGINS = {
    measures[0].margin_of(""): Quantity(
        measures[0].margin_of(""),
        f"Margin of {measures[0].within}",
        "The score less the mean of the same score over other heads' explanations, which are those "
        "of the same variant.",
        signed=True,
    )
    for measures in DECIDING
}
MEASURED: tuple[Measure | Quantity, ...] = (
    *(measure for measure in MEASURES if measure.comparable),
    *_MARGINS.values(),
    *SHARES,
)
CHANCE = {measure.name: measure.chance for measure in MEASURES} | dict.fromkeys(_MARGINS, 0.0)


class Value(NamedTuple):
    """A measure of a head; `chance`: what chance gives, since nothing is told of the head."""

    value: float
    chance: bool = False


Values = dict[Place, Value]


def values_of(found: Found, others: Collection[str] = ()) -> dict[str, Values]:
    """The values of all heads by measure, of the measures that the explanations have at all.

    A head without an explanation, which tells nothing, has what chance gives: left out, it would
    raise the mean of a variant that fails where it is hard. So has a correlation with a prediction
    that is the same at every token. A variant that explains no head has the measures of the
    `others`.
    """
    unexplained = [at for at, e in found.explanations.items() if e.status != "explained"]
    silent = len(unexplained) == len(found.explanations)
    tested = {at: _tested(found, at) for at in found.scores}
    constant = {at: _constant(found, at) for at in found.scores}
    values: dict[str, Values] = {}
    for measure in MEASURED:
        known = {at: Value(own[measure.name]) for at, own in tested.items() if measure.name in own}
        flat = [at for at, names in constant.items() if measure.name in names]
        if (known or flat or (silent and measure.name in others)) and measure.name in CHANCE:
            nothing = Value(CHANCE[measure.name], chance=True)
            known |= dict.fromkeys([*unexplained, *flat], nothing)
        if known:
            values[measure.name] = dict(sorted(known.items()))
    return values


def _tested(found: Found, at: Place) -> dict[str, float]:
    """The scores of a head on test documents that have a value, and its shares as 1 or 0."""
    scores = found.scores[at].scores
    own = {s.metric: s.value for s in scores if s.split == "test" and s.value is not None}
    status = found.scores[at].verdict.status
    own["explained"] = float(status == "explained")
    own["not_compared"] = float(status == "not compared")
    own["with_explanation"] = float(found.explanations[at].status == "explained")
    return own


def _constant(found: Found, at: Place) -> set[str]:
    """The scores of a head on test documents that it lacks, since what is predicted is constant."""
    scores = found.scores[at].scores
    return {s.metric for s in scores if s.split == "test" and s.constant == "predicted"}


def deciding(by_arm: Sequence[Mapping[str, Values]]) -> str | None:
    """The measure by which variants are told apart: the first that all of them have."""
    return next((name for name in NAMES if all(name in values for values in by_arm)), None)


NAMES = tuple(measure.name for measure in MEASURED)


def numbers(values: Iterable[Value]) -> list[float]:
    """The values alone."""
    return [value.value for value in values]

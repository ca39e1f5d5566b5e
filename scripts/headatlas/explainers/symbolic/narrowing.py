"""Where a behaviour names several keys of a query and nearly all goes to the last of them.

A head that scores its keys the higher the nearer they are attends to the last line break, if
that score is steep against the noise; its likelihood is that of all line breaks with a curve
over distance. What it attends to is told as the last one.
"""

import numpy as np

from ..logit.features import Feature, Term, term_of
from ..logit.model import Behaviour, Logit
from .activity import Seen
from .language import Expression

MOST = 0.5  # of the attention there, to be told as where it goes


def counterpart(source: Expression) -> Expression | None:
    """Of all keys that match the last alone, of the last one all; None for other sources."""
    match source.name, source.arguments:
        case (("all" | "last"), (name,)):
            return Expression("last" if source.name == "all" else "all", (name,))
        case (("after" | "before"), (name, pick)):
            return Expression(source.name, (name, "last" if pick == "all" else "all"))
    return None


def counterparts(logit: Logit, seen: Seen) -> dict[int, Feature]:
    """For each behaviour that has one the feature of its counterpart."""
    found = {}
    for number, behaviour in enumerate(logit.behaviours):
        other = counterpart(behaviour.source)
        if other in seen.table.sources:
            found[number] = Feature(other, behaviour.trigger)
    return found


def narrowed(logit: Logit, others: dict[int, Feature], seen: Seen) -> dict[int, Feature]:
    """The counterparts that are told instead: last keys that get most of the attention to all."""
    return {
        number: last
        for number, last in others.items()
        if "last" in (last.source.name, *last.source.arguments)
        and logit.behaviours[number].weight > 0
        and _gets_most(
            term_of(last, seen.table),
            term_of(logit.behaviours[number].feature, seen.table),
            seen,
        )
    }


def with_counterparts(logit: Logit, others: dict[int, Feature]) -> Logit:
    """The same model with terms for the counterparts, in order, that say nothing yet."""
    more = (Behaviour(feature.source, feature.trigger, 0.0) for feature in others.values())
    return Logit(logit.kernel, logit.first, logit.second, (*logit.behaviours, *more))


def _gets_most(last: Term, every: Term, seen: Seen) -> bool:
    """Where there are several keys, whether the last has more of their attention than the rest."""
    grid = seen.table.grid
    several = np.bincount(grid.row[every.cells], minlength=grid.n_rows) > 1
    of_last, of_all = (
        float(seen.attention[term.cells][several[grid.row[term.cells]]].sum())
        for term in (last, every)
    )
    return of_last > MOST * of_all

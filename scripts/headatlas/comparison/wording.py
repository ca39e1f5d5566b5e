"""Explanations as points, and what their likeness would be by chance."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from ..clustering.families import SAME
from ..clustering.points import points_of
from ..records.explanation import Explanation
from ..settings.clustering import Clustering

SHUFFLES = 10
# What is said in words and what the program has for it stay together.
_PARTS = {
    "family": ("family",),
    "attends_to": ("attends_to", "source"),
    "active_when": ("active_when", "trigger"),
}


class Points:
    """The vectors of explanations, by what they say."""

    def __init__(self, vectors: Mapping[str, Float[np.ndarray, " dimensions"]]):
        self._vectors = vectors

    def of(self, explanations: Iterable[Explanation]) -> Float[np.ndarray, "heads dimensions"]:
        """The vectors of explanations, of which there is at least one."""
        return np.array([self._vectors[_said(e)] for e in explanations])


def placed(explanations: Iterable[Explanation], clustering: Clustering) -> Points:
    """The points of explanations, each that says something else placed once."""
    distinct = {_said(explanation): explanation for explanation in explanations}
    order = sorted(distinct)
    vectors = points_of([distinct[said] for said in order], clustering)
    return Points(dict(zip(order, vectors, strict=True)))


def _said(explanation: Explanation) -> str:
    """All of an explanation that its point can depend on."""
    return explanation.model_dump_json(include={"summary", "behaviours", "program"})


def shuffled(explanations: Sequence[Explanation], seed: int) -> list[list[Explanation]]:
    """SHUFFLES versions of a model's explanations in which chance says what goes together.

    The families, objects and conditions of all behaviours are permuted, each apart, over
    the behaviours of all heads: the words and the number of behaviours of a head stay,
    what a head does is lost.
    """
    rng = np.random.default_rng(seed)
    every = [behaviour for e in explanations for behaviour in e.behaviours]
    versions = []
    for _ in range(SHUFFLES):
        orders = {part: rng.permutation(len(every)) for part in _PARTS}
        mixed = iter(
            every[n].model_copy(
                update={
                    name: getattr(every[orders[part][n]], name)
                    for part, names in _PARTS.items()
                    for name in names
                }
            )
            for n in range(len(every))
        )
        versions.append(
            [
                e.model_copy(update={"behaviours": [next(mixed) for _ in e.behaviours]})
                for e in explanations
            ]
        )
    return versions


def says_the_same(cosines: Float[np.ndarray, "*any"]) -> Bool[np.ndarray, "*any"]:
    """Whether explanations of these cosines say the same in other words.

    The likeness from which on families count two explanations as one; a point's cosine
    with itself is 1 but for rounding.
    """
    return np.asarray(cosines) >= SAME

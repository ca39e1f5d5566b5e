"""Explanations as points, and what their likeness would be by chance."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from ..clustering.embeddings import behaviour_text, embed
from ..clustering.families import SAME
from ..records.explanation import Explanation

SHUFFLES = 10
_PARTS = ("family", "attends_to", "active_when")


class Points:
    """The unit vectors of texts."""

    def __init__(self, vectors: Mapping[str, Float[np.ndarray, " dimensions"]]):
        self._vectors = vectors

    def of(self, explanations: Iterable[Explanation]) -> Float[np.ndarray, "heads dimensions"]:
        """The vectors of explanations, of which there is at least one."""
        return np.array([self._vectors[behaviour_text(e)] for e in explanations])


def embedded(texts: Iterable[str], encoder: str) -> Points:
    """The points of texts, each distinct text embedded once."""
    distinct = sorted(set(texts))
    return Points(dict(zip(distinct, embed(distinct, encoder), strict=True)))


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
                update={part: getattr(every[orders[part][n]], part) for part in _PARTS}
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


def texts_of(
    explained: Iterable[Sequence[Explanation]],
    versions: Iterable[Sequence[Sequence[Explanation]]],
) -> list[str]:
    """Every text whose point will be asked for: of the explanations and of their shuffles."""
    groups = [*explained, *(version for several in versions for version in several)]
    return [behaviour_text(e) for group in groups for e in group]


def says_the_same(cosines: Float[np.ndarray, "*any"]) -> Bool[np.ndarray, "*any"]:
    """Whether explanations of these cosines say the same in other words.

    The likeness from which on families count two explanations as one; a point's cosine
    with itself is 1 but for rounding.
    """
    return np.asarray(cosines) >= SAME

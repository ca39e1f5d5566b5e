"""The heads of a study that is not of all: drawn once, in proportion to families and layers."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..intervals import generator
from ..names import parse_head
from ..records.clusters import Clusters


def family_of(clusters: Clusters | None) -> dict[str, str]:
    """The label of each head's family, by its name; heads in none are not there."""
    families = clusters.clusters if clusters else []
    return {head: family.label for family in families for head in family.heads}


def draw(
    model: str, heads: Sequence[str], families: Mapping[str, str], count: int, seed: int
) -> list[str]:
    """As many heads of a model, in order; all of them if there are no more.

    A systematic sample: the heads in the order of families and, within these, of layers (heads of
    a layer in a random order) are taken at equal steps from a random start. So each head is as
    likely as any other, and families and layers are there in proportion, within one head.
    """
    if count >= len(heads):
        return sorted(heads, key=parse_head)
    rng = generator(seed, "heads of a study", model)
    shuffled = [heads[n] for n in rng.permutation(len(heads))]
    ordered = sorted(shuffled, key=lambda name: (families.get(name, ""), parse_head(name)[0]))
    start = rng.random()
    places = np.floor((np.arange(count) + start) * len(heads) / count).astype(int)
    return sorted((ordered[place] for place in places), key=parse_head)

"""Families of heads in a study of clustering: how many, and how two ways to group heads agree."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from ..clustering.agreement import group_numbers
from ..intervals import Estimate
from ..names import parse_head
from ..records.clusters import Clusters
from ..reporting.catalogue import Quantity
from .arms import Place

HALVES = 200
IN_A_FAMILY = Quantity(
    "in_a_family", "In a family", "Share of the heads with an explanation that are in a family."
)
COUNT = Quantity(
    "families", "Families", "How many families there are: a count, which has no interval."
)
AGREEMENT = Quantity(
    "words_and_weights",
    "Agreement of words and weights",
    "Adjusted Rand index of the families by the words of explanations and of those by the weights "
    "of their programs: 1 where they are the same, 0 by chance. A head in no family is one of its "
    "own.",
)
AS_BEFORE = Quantity(
    "same_as_reference",
    "Same families",
    "Adjusted Rand index of the variant's families and of those that it is compared with. It says "
    "how much a setting moves, and not which of both is better.",
)
FAMILIES = (COUNT, IN_A_FAMILY, AGREEMENT, AS_BEFORE)
Labels = Sequence[int]


def explained(clusters: Clusters) -> list[str]:
    """The heads that were grouped, as LxxHyy."""
    grouped = {head for cluster in clusters.clusters for head in cluster.heads}
    return sorted(grouped | set(clusters.unclustered))


def in_a_family(clusters: Clusters) -> dict[Place, float]:
    """Of each head that was grouped, whether it is in a family, as 1 or 0."""
    outside = set(clusters.unclustered)
    return {parse_head(head): float(head not in outside) for head in explained(clusters)}


def labels_of(clusters: Clusters, heads: Sequence[str]) -> list[int]:
    """The number of each head's family; a head in none is one of its own."""
    return group_numbers(heads, [cluster.heads for cluster in clusters.clusters])


def agreement(clusters: Clusters) -> tuple[list[str], Labels, Labels] | None:
    """Heads, and their families by words and by weights, or the other way round, if both are."""
    if clusters.other is None:
        return None
    heads = explained(clusters)
    other = group_numbers(heads, [cluster.heads for cluster in clusters.other.clusters])
    return heads, labels_of(clusters, heads), other


def rand(one: Labels, other: Labels, some: np.ndarray) -> float:
    """The adjusted Rand index of two groupings, of some of their heads."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(np.asarray(one)[some], np.asarray(other)[some]))


def on_halves(
    statistic: Callable[[np.ndarray], float], heads: int, seed: int
) -> tuple[Estimate, Float[np.ndarray, " halves"]]:
    """A statistic of all heads with its interval, and its deviations on random halves of them.

    `statistic` takes the numbers of heads, each once: a head drawn twice, as the bootstrap draws
    it, would be in its own family each time and make any two groupings agree. That of half the
    heads, drawn without another, varies about as that of all does over other heads (the delete-d
    jackknife with d = n/2, Shao and Wu 1989).
    """
    value = statistic(np.arange(heads))
    if heads < 4:
        return Estimate(value, None, None, heads), np.zeros(0)
    rng = np.random.default_rng(seed)
    drawn = [statistic(rng.permutation(heads)[: heads // 2]) for _ in range(HALVES)]
    deviations = np.array(drawn) - np.mean(drawn)
    low, high = np.clip(value + np.percentile(deviations, [2.5, 97.5]), -1, 1)
    return Estimate(value, float(low), float(high), heads), deviations

"""Families of heads: explanations that lie close together."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..records.clusters import Cluster
from ..records.explanation import Explanation
from ..settings.clustering import Clustering
from .agreement import agreement, coverage, medoid, specificity
from .labels import label_families

# From this cosine similarity on, two explanations say the same thing in other words.
SAME = 0.9
_DIGITS = 6


def describe_families(
    names: Sequence[str],
    explanations: Sequence[Explanation],
    points: Float[np.ndarray, "heads dimensions"],
    settings: Clustering,
) -> tuple[list[Cluster], list[str]]:
    """Families of explained heads, largest first, and the names of heads in none of them.

    Of each explanation, `names` has its head's and `points` has its unit vector, or zeros where
    it has no place.
    """
    similarity = np.clip(points @ points.T, -1, 1)
    families = find_families(similarity, settings.min_cluster_size, settings.min_samples)
    centres = [medoid(similarity, members) for members in families]
    order = sorted(range(len(families)), key=lambda f: (-len(families[f]), names[centres[f]]))
    families, centres = [families[f] for f in order], [centres[f] for f in order]
    labels = label_families(
        [[explanations[head] for head in members] for members in families],
        [names[centre] for centre in centres],
    )
    clusters = [
        Cluster(
            cluster=number,
            label=label,
            terms=terms,
            heads=[names[head] for head in members],
            medoid=names[centre],
            agreement=round(agreement(similarity, members), _DIGITS),
            specificity=round(specificity(similarity, members), _DIGITS),
            coverage=round(coverage(similarity, members), _DIGITS),
        )
        for number, (members, centre, (label, terms)) in enumerate(
            zip(families, centres, labels, strict=True)
        )
    ]
    grouped = {head for members in families for head in members}
    return clusters, [name for head, name in enumerate(names) if head not in grouped]


def find_families(
    similarity: Float[np.ndarray, "heads heads"], min_cluster_size: int, min_samples: int
) -> list[list[int]]:
    """Members of each family, by HDBSCAN (Campello et al. 2013) on Euclidean distances.

    `similarity` holds cosines of unit vectors, for which the Euclidean distance is
    sqrt(2 - 2 cos). Distances below that of similarity 0.9 are raised to it: identical
    explanations, at distance 0, would have infinite density, and each wording of one
    behaviour would become a family of its own. Families are the leaves of the cluster tree: its
    largest stable branches, HDBSCAN's default, put nearly all heads of a large model together.
    Heads without a place, whose similarity to themselves is 0, are in none. Memory grows with
    the square of the heads.
    """
    placed = np.flatnonzero(np.diagonal(similarity) > 0)
    similarity = similarity[np.ix_(placed, placed)]
    if len(similarity) < min_cluster_size:
        return []
    from hdbscan import HDBSCAN

    distance = np.sqrt(2 - 2 * np.minimum(similarity, SAME))
    np.fill_diagonal(distance, 0)
    clusterer = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        metric="precomputed",
        cluster_selection_method="leaf",
    )
    found = defaultdict(list)
    for head, family in enumerate(clusterer.fit(distance).labels_):
        if family >= 0:
            found[int(family)].append(head)
    families = list(found.values()) or _only_family(similarity, min_cluster_size)
    return [placed[members].tolist() for members in families]


def _only_family(
    similarity: Float[np.ndarray, "heads heads"], min_cluster_size: int
) -> list[list[int]]:
    """One family, which HDBSCAN cannot set apart for want of a second.

    It is the largest set of heads that say the same as one of them.
    """
    same = similarity >= SAME
    members = np.flatnonzero(same[int(same.sum(axis=1).argmax())]).tolist()
    return [members] if len(members) >= min_cluster_size else []

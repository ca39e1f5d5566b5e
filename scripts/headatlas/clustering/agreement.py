"""How alike the explanations of a family are; and how two ways to group heads agree."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Similarity = Float[np.ndarray, "heads heads"]
SHUFFLES = 500


def agreement(similarity: Similarity, members: list[int]) -> float:
    """Mean cosine similarity over the pairs of distinct members; at least two are needed."""
    within = similarity[np.ix_(members, members)]
    pairs = np.triu_indices(len(members), k=1)
    return float(within[pairs].mean())


def specificity(similarity: Similarity, members: list[int]) -> float:
    """Agreement minus the mean similarity between members and all other explained heads.

    Where every explained head is a member nothing is subtracted, and it equals agreement.
    """
    outside = sorted(set(range(len(similarity))) - set(members))
    if not outside:
        return agreement(similarity, members)
    return agreement(similarity, members) - float(similarity[np.ix_(members, outside)].mean())


def coverage(similarity: Similarity, members: list[int]) -> float:
    """Share of all explained heads that are members."""
    return len(members) / len(similarity)


def medoid(similarity: Similarity, members: list[int]) -> int:
    """The member most similar to all members; the first of equals."""
    # Sums of equal vectors differ in their last bits, which must not decide.
    nearness = similarity[np.ix_(members, members)].sum(axis=1).round(9)
    return members[int(nearness.argmax())]


def rand_index(
    one: Sequence[int], other: Sequence[int], shuffles: int = SHUFFLES
) -> tuple[float, float]:
    """How far two groupings of the same heads agree, and the most that chance makes of it.

    The adjusted Rand index (Hubert and Arabie 1985): 1 where they are the same, 0 on average by
    chance; and its 95 % quantile where heads change places at random within a grouping.
    """
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(0)
    chance = [adjusted_rand_score(one, rng.permutation(other)) for _ in range(shuffles)]
    return float(adjusted_rand_score(one, other)), float(np.quantile(chance, 0.95))


def pairs_kept(one: Sequence[int], other: Sequence[int]) -> float | None:
    """Of the pairs of heads that are together in one grouping, the share that is in the other."""
    together = [np.equal.outer(labels, labels) for labels in (one, other)]
    pairs = np.triu_indices(len(one), k=1)
    kept = together[1][pairs][together[0][pairs]]
    return float(kept.mean()) if len(kept) else None


def group_numbers(heads: Sequence[str], groups: Sequence[Sequence[str]]) -> list[int]:
    """The number of each head's group; a head in none is a group of its own."""
    number = {head: n for n, group in enumerate(groups) for head in group}
    return [number.get(head, len(groups) + place) for place, head in enumerate(heads)]

"""How alike the explanations of a family are, and how unlike the others'."""

import numpy as np
from jaxtyping import Float

Similarity = Float[np.ndarray, "heads heads"]


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

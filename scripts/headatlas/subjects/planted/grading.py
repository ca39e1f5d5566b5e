"""How explanations are graded where the truth is known: pure functions of predictions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Predicted = Float[np.ndarray, "query key"]


def agreement(found: Sequence[Predicted], true: Sequence[Predicted]) -> float:
    """Share of the attention that two explanations put on the same keys, in the same windows.

    Mean, over the queries at which either names a key, of 1 - total variation distance.
    Every row is scaled to 1, so that only keys and queries count and no predicted mass; what
    rests on the first token names no key. 1 where both say that the head always rests.
    """
    same = queries = 0.0
    for a, b in zip(map(_named, found), map(_named, true), strict=True):
        acts = a.any(axis=1) | b.any(axis=1)
        same += np.minimum(a, b).sum()
        queries += acts.sum()
    return float(same / queries) if queries else 1.0


def _named(predicted: Predicted) -> Predicted:
    """The keys that each query names, as a distribution; all zeros where it names none."""
    off_first = predicted.astype(float)
    off_first[:, 0] = 0
    total = off_first.sum(axis=1, keepdims=True)
    return np.divide(off_first, total, out=np.zeros_like(off_first), where=total > 0)


def true_first(true: float | None, wrong: Sequence[float | None]) -> float:
    """How often a score puts the true explanation above a wrong one; a tie counts half.

    A score that is undefined is below all others.
    """
    own, others = _comparable(true), [_comparable(score) for score in wrong]
    return float(np.mean([(own > other) + (own == other) / 2 for other in others]))


def _comparable(score: float | None) -> float:
    return -np.inf if score is None else score

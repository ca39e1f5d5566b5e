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


def true_first(true: float | None, wrong: Sequence[float | None]) -> float | None:
    """How often a score puts the true explanation above a wrong one; a tie counts half.

    A wrong explanation without a score is below the true one. None where the true one has
    none: the score then says nothing of the head.
    """
    if true is None:
        return None
    others = [-np.inf if score is None else score for score in wrong]
    return float(np.mean([(true > other) + (true == other) / 2 for other in others]))


def exact_width(n: int) -> float:
    """Width of the exact 95 % interval of a share that is 0 or 1 in a sample of `n`, n > 0.

    Clopper and Pearson (1934): the share p at which none of `n` is found with probability
    (1 - p)^n = 0.025. The bootstrap has no interval there, for all resamples are alike.
    """
    return float(1 - 0.025 ** (1 / n))

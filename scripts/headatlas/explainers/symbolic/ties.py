"""Sources that name the same keys at nearly every query, and what tells them apart.

Where all text repeats with one period, the token that followed the last occurrence of the
current token is a fixed number of positions before. What few queries tell the two apart are
too few to count in a sum over all, and are looked at alone.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from .language import Expression
from .sample import Sample

MOST_APART = 0.05  # share of queries at which nearly equal pairs may differ


def differing(
    sample: Sample, one: tuple[int, int], other: tuple[int, int], free: Bool[np.ndarray, " query"]
) -> tuple[Bool[np.ndarray, " query"], int]:
    """Where two pairs of source and trigger name different keys, a query without keys included.

    Also the number of queries at which either names any. Only queries that are `free` count.
    """
    first, second = (sample.named[:, s] * (sample.holds[:, t] > 0) for s, t in (one, other))
    return free & (first != second), int((free & ((first > 0) | (second > 0))).sum())


def gained(
    sample: Sample,
    pair: tuple[int, int],
    mass: float,
    where: Bool[np.ndarray, " query"],
    otherwise: Float[np.ndarray, " query"],
) -> float:
    """Reduction of squared error (see search.py) by a pair at the queries `where`.

    `otherwise` is the reduction at each query at which the pair names no key.
    """
    source, trigger = pair
    names = (sample.count[:, source] > 0) & (sample.holds[:, trigger] > 0)
    n, a = sample.count[where & names, source], sample.mass[where & names, source]
    return float((mass / n * (2 * a - mass)).sum() + otherwise[where & ~names].sum())


def always_same(
    samples: Sequence[Sample], source: int, sources: Sequence[Expression]
) -> list[Expression]:
    """The other sources that name the same keys at every query at which `source` names any."""
    same = np.ones(len(sources), bool)
    for sample in samples:
        named: Float[np.ndarray, "query source"] = sample.named[sample.named[:, source] > 0]
        same &= (named == named[:, [source]]).all(axis=0)
    return [other for i, other in enumerate(sources) if same[i] and i != source]

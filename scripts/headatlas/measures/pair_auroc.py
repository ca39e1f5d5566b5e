"""Does predicted attention tell the head's strongest pairs from look-alikes?

Random pairs would be trivial negatives: almost any rule beats them. Each of the strongest
pairs of a window is therefore compared only with pairs that share something with it. The
statistic is the AUROC within matched sets, each of a pair and its look-alikes.
"""

import numpy as np
from jaxtyping import Float

from ..measure import OfWindows, Trace
from ..pairs import look_alikes, strongest_pairs
from ..statistics.auroc import concordance


def sums(predicted: Trace, measured: Trace) -> Float[np.ndarray, " 2"]:
    """Sum over the window's strongest pairs of their concordance, and number of pairs.

    The concordance of a pair is the probability that it has more predicted attention than
    a look-alike (a tie counts half), averaged over the kinds of those that the window has.
    """
    shares = []
    for pair in strongest_pairs(measured.attention):
        kinds = look_alikes(measured.tokens, measured.attention, *pair)
        wins = [
            concordance(predicted.attention[pair][None], predicted.attention[negatives]).mean()
            for negatives in kinds
            if len(negatives[0])
        ]
        if wins:
            shares.append(np.mean(wins))
    return np.array([np.sum(shares), len(shares)], dtype=float)


def mean_concordance(totals: Float[np.ndarray, "draws 2"]) -> Float[np.ndarray, " draws"]:
    """Mean over pairs; NaN where there are none."""
    with np.errstate(invalid="ignore"):
        mean: Float[np.ndarray, " draws"] = totals[:, 0] / totals[:, 1]
    return mean


MEASURE = OfWindows(
    name="pair_auroc",
    label="Pair AUROC",
    description="Probability that one of the head's strongest (query, key) pairs is predicted more "
    "attention than a weak look-alike: same query and another key, same distance and other "
    "tokens, or same tokens in another place.",
    place=30,
    chance=0.5,
    needs=("predicted attention",),
    comparable=True,
    sums=sums,
    statistic=mean_concordance,
    why_not=lambda total: "no pair has more attention than uniform attention gives it",
    observations=lambda total: int(total[1]),
)

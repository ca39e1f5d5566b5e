"""Pair AUROC: does predicted attention tell the head's strongest pairs from look-alikes?

Random pairs would be trivial negatives: almost any rule beats them. Each of the strongest
pairs of a window is therefore compared only with pairs that share something with it.
"""

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined
from ..pairs import look_alikes, strongest_pairs
from .auroc import concordance


def window_concordance(
    tokens: Int[np.ndarray, " T"],
    predicted: Float[np.ndarray, "T T"],
    measured: Float[np.ndarray, "T T"],
) -> Float[np.ndarray, " 2"]:
    """Sum over the window's strongest pairs of their concordance, and number of pairs.

    The concordance of a pair is the probability that it has more predicted attention than
    a look-alike (a tie counts half), averaged over the kinds of those that the window has.
    """
    shares = []
    for pair in strongest_pairs(measured):
        kinds = look_alikes(tokens, measured, *pair)
        wins = [
            concordance(predicted[pair][None], predicted[negatives]).mean()
            for negatives in kinds
            if len(negatives[0])
        ]
        if wins:
            shares.append(np.mean(wins))
    return np.array([np.sum(shares), len(shares)], dtype=float)


def pair_auroc(
    concordances: Float[np.ndarray, "windows 2"], counts: Int[np.ndarray, "draws windows"]
) -> Estimate:
    """Mean of `window_concordance` over pairs; 0.5 is chance; n counts pairs.

    It is the AUROC within matched sets, each of a pair and its look-alikes. `counts` are
    `resample_counts` of the windows.
    """
    totals = counts @ concordances
    pairs = int(totals[0, 1])
    if pairs == 0:
        return undefined(0, "no pair has more attention than uniform attention gives it")
    with np.errstate(invalid="ignore"):
        return estimate(totals[:, 0] / totals[:, 1], pairs, len(concordances))

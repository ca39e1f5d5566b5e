"""Pair AUROC: does predicted attention tell the head's strongest pairs from look-alikes?

Random pairs would be trivial negatives: almost any rule beats them. Each of the strongest
pairs of a window is therefore compared only with pairs that share something with it.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from ..intervals import Estimate, estimate, undefined
from .auroc import concordance
from .windows import ranked_pairs

# Strongest pairs taken from each window.
PAIRS = 8
# A negative has at most this share of the attention of the pair it is compared with.
_WEAKER = 0.5


def window_concordance(
    tokens: Int[np.ndarray, " T"],
    predicted: Float[np.ndarray, "T T"],
    measured: Float[np.ndarray, "T T"],
) -> Float[np.ndarray, " 2"]:
    """Sum over the window's strongest pairs of their concordance, and number of pairs.

    The strongest pairs are those with the largest excess over uniform attention. The
    concordance of a pair is the probability that it has more predicted attention than a
    negative (a tie counts half), averaged over the kinds of negative that the window has:
    the same query with another key; the same distance with another pair of tokens; and
    the same pair of tokens in another place.
    """
    uniform = 1 / np.arange(1, len(tokens) + 1)[:, None]
    excess = np.where(ranked_pairs(len(tokens)), measured - uniform, 0)
    strongest = np.argsort(-excess, axis=None, kind="stable")[:PAIRS]
    shares = []
    for query, key in zip(*np.unravel_index(strongest, excess.shape), strict=True):
        if excess[query, key] <= 0:
            break
        wins = []
        for queries, keys in _look_alikes(tokens, query, key):
            weak = measured[queries, keys] <= _WEAKER * measured[query, key]
            if weak.any():
                negatives = predicted[queries[weak], keys[weak]]
                wins.append(concordance(predicted[query, key][None], negatives).mean())
        if wins:
            shares.append(np.mean(wins))
    return np.array([np.sum(shares), len(shares)], dtype=float)


def _look_alikes(
    tokens: Int[np.ndarray, " T"], query: np.integer, key: np.integer
) -> Iterator[tuple[Int[np.ndarray, " negatives"], Int[np.ndarray, " negatives"]]]:
    """Queries and keys of the pairs that share query, distance or tokens with a pair."""
    keys = np.arange(1, query + 1)
    yield np.full_like(keys, query), keys
    queries = np.arange(query - key + 1, len(tokens))
    keys = queries - (query - key)
    other = (tokens[queries] != tokens[query]) | (tokens[keys] != tokens[key])
    yield queries[other], keys[other]
    places = np.meshgrid(
        np.flatnonzero(tokens == tokens[query]), np.flatnonzero(tokens == tokens[key])
    )
    queries, keys = places[0].ravel(), places[1].ravel()
    seen = (keys >= 1) & (keys <= queries)
    yield queries[seen], keys[seen]


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

"""Pairs of query and key: which are ranked, which are strongest, which look alike."""

import numpy as np
from jaxtyping import Bool, Float, Int

# Strongest pairs taken from each window.
PAIRS = 8
# A pair that a strong one is compared with has at most this share of its attention.
_WEAKER = 0.5
Pairs = tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]  # queries and their keys


def ranked_pairs(length: int) -> Bool[np.ndarray, "query key"]:
    """The pairs that are looked at: 1 <= key <= query. Key 0 is the sink and left out."""
    pairs = np.tril(np.ones((length, length), dtype=bool))
    pairs[:, 0] = False
    return pairs


def strongest_pairs(attention: Float[np.ndarray, "query key"]) -> list[tuple[int, int]]:
    """The PAIRS with the largest excess over uniform attention, largest first.

    There are fewer where fewer pairs exceed it.
    """
    length = len(attention)
    uniform = 1 / np.arange(1, length + 1)[:, None]
    excess = np.where(ranked_pairs(length), attention - uniform, 0)
    order = np.argsort(-excess, axis=None, kind="stable")[:PAIRS]
    found = zip(*np.unravel_index(order, excess.shape), strict=True)
    return [(int(query), int(key)) for query, key in found if excess[query, key] > 0]


def look_alikes(
    tokens: Int[np.ndarray, " T"], attention: Float[np.ndarray, "T T"], query: int, key: int
) -> list[Pairs]:
    """The pairs that share something with a pair and have at most half its attention.

    They come in three kinds: the same query with another key; the same distance with
    another pair of tokens; and the same pair of tokens in another place.
    """
    kinds = [
        _same_query(query),
        _same_distance(tokens, query, key),
        _same_tokens(tokens, query, key),
    ]
    weaker = [attention[at] <= _WEAKER * attention[query, key] for at in kinds]
    return [(q[weak], k[weak]) for (q, k), weak in zip(kinds, weaker, strict=True)]


def _same_query(query: int) -> Pairs:
    keys = np.arange(1, query + 1)
    return np.full_like(keys, query), keys


def _same_distance(tokens: Int[np.ndarray, " T"], query: int, key: int) -> Pairs:
    queries = np.arange(query - key + 1, len(tokens))
    keys = queries - (query - key)
    other = (tokens[queries] != tokens[query]) | (tokens[keys] != tokens[key])
    return queries[other], keys[other]


def _same_tokens(tokens: Int[np.ndarray, " T"], query: int, key: int) -> Pairs:
    places = np.meshgrid(
        np.flatnonzero(tokens == tokens[query]), np.flatnonzero(tokens == tokens[key])
    )
    queries, keys = places[0].ravel(), places[1].ravel()
    seen = (keys >= 1) & (keys <= queries)
    return queries[seen], keys[seen]

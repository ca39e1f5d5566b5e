"""Noise on attention logits, as strong as it takes to move a given share of the attention.

How much a nat of noise harms depends on how far a head's logits are apart, which differs by
role: an even head has no gaps, a "last of its class" head has gaps of hundreds of nats. So a
strength is defined by what it does where the role applies: the share of the attention that is
elsewhere than in the head without noise (total variation distance, mean over queries). The
noise itself is a random bilinear form of the query's and the key's token and position, in the
head's weights.
"""

import numpy as np
from jaxtyping import Float

STRENGTHS = {"none": 0.0, "medium": 0.25, "high": 0.5}  # share of the attention moved
HEAD_OF_NOISE = 2.0  # nats: s.d. of the logits of a head that is noise alone
_HALVINGS = 24
_MOST = 512.0  # nats

Attention = Float[np.ndarray, "window query key"]


def softmax(logits: Attention) -> Attention:
    """Causal attention."""
    seen = np.tri(logits.shape[-1], dtype=bool)
    masked = np.where(seen, logits, -np.inf)
    weights = np.exp(masked - masked.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def spread(noise: Attention) -> float:
    """S.d. of noise on the logits, over keys of the same query other than the first."""
    queries, keys = np.tril_indices(noise.shape[-1])
    off_first = keys > 0
    return float(noise[:, queries[off_first], keys[off_first]].std())


def moved(ideal: Attention, noisy: Attention) -> float:
    """Share of the attention that is elsewhere, mean over the queries at which the head acts.

    These are the queries that do not rest on the first token; all, if the head always does.
    """
    acts = ideal[..., 0] < 0.5
    acts |= not acts[:, 1:].any()
    acts[:, 0] = False
    return float(np.abs(ideal - noisy).sum(axis=-1)[acts].mean() / 2)


def factor_for(share: float, logits: Attention, noise: Attention) -> float:
    """What to multiply `noise` by so that it moves `share` of the attention, by bisection."""
    ideal, largest = softmax(logits), _MOST / spread(noise)
    low, high = 0.0, largest
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if moved(ideal, softmax(logits + middle * noise)) < share:
            low = middle
        else:
            high = middle
    return high

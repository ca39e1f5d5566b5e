"""How alike are explanations that predict attention: the correlation of what they predict."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from ..controls import DIFFERENT, SAME, Alike, Head
from ..pairs import ranked_pairs
from ..predictions import Predictions

# What predictions are compared on: enough for a correlation, however long a window is.
PAIRS = 32_768


def alike_in_predictions(predicted: Iterable[Predictions]) -> Alike:
    """How alike predictions of attention are: Pearson's r over pairs off position 0.

    The pairs are those of the first random windows of the validation split, PAIRS or, of a
    long window, a little more than that. Heads of which nothing is predicted are left out.
    Explanations that predict the same for all pairs, as for heads that rest on the first token,
    are the same among each other, and are no controls.
    """
    heads: list[Head] = []
    rows: list[np.ndarray] = []
    for of_head in predicted:
        if (row := _on_pairs(of_head)) is not None:
            heads.append(of_head.head)
            rows.append(row)
    if not rows:
        return Alike([], np.empty((0, 0)), DIFFERENT, SAME, np.empty(0, bool))
    values = np.stack(rows)
    values -= values.mean(axis=1, keepdims=True)
    size = np.sqrt((values**2).sum(axis=1, keepdims=True))
    varies = size[:, 0] > 1e-6
    values = np.divide(values, size, out=np.zeros_like(values), where=varies[:, None])
    similarity = (values @ values.T).astype(float)
    similarity[np.ix_(~varies, ~varies)] = 1
    np.fill_diagonal(similarity, 1)
    return Alike(heads, similarity, DIFFERENT, SAME, varies)


def _on_pairs(predicted: Predictions) -> Float[np.ndarray, " pairs"] | None:
    """The attention that is predicted for the pairs that all heads are compared on."""
    parts: list[np.ndarray] = []
    for window in predicted.of_split("validation"):
        pairs = ranked_pairs(len(window.attention))
        parts.append(window.attention[pairs].astype(np.float32))
        if sum(map(len, parts)) >= PAIRS:
            break
    return np.concatenate(parts)[:PAIRS] if parts else None

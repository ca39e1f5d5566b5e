"""How alike are explanations that predict attention: how far what they predict overlaps."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist, squareform

from ..controls import DIFFERENT, SAME, Alike, Head
from ..predictions import Predictions
from ..statistics.divergence import rows_of

# Queries that predictions are compared at, drawn evenly from the windows.
QUERIES = 192


def alike_in_predictions(predicted: Iterable[Predictions]) -> Alike:
    """How alike predictions of attention are: the share of it that two of them have in common.

    That is the mean over queries of Σ min(P, P′), 1 less the total variation distance. The
    queries are QUERIES of those of the random windows of the validation split, at equal steps.
    Heads of which nothing is predicted are left out.
    """
    heads: list[Head] = []
    rows: list[np.ndarray] = []
    for of_head in predicted:
        if (row := _at_queries(of_head)) is not None:
            heads.append(of_head.head)
            rows.append(row)
    if not rows:
        return Alike([], np.empty((0, 0)), DIFFERENT, SAME)
    values = np.stack(rows)
    apart = squareform(pdist(values, "cityblock")) / 2
    return Alike(heads, 1 - apart / max(float(values[0].sum()), 1e-9), DIFFERENT, SAME)


def _at_queries(predicted: Predictions) -> Float[np.ndarray, " pairs"] | None:
    """The attention that is predicted for the pairs that all heads are compared on."""
    found = [rows_of(window.attention) for window in predicted.of_split("validation")]
    count = sum(map(len, found))
    if not count:
        return None
    ends = np.cumsum([len(rows) for rows in found])
    parts = []
    for query in np.unique(np.linspace(0, count - 1, QUERIES).astype(int)):
        window = int(np.searchsorted(ends, query, side="right"))
        row = query - ends[window] + len(found[window])
        parts.append(found[window][row, : row + 2])
    return np.concatenate(parts).astype(np.float32)

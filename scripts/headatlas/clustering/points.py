"""Explanations as points, as an entry of `clusterings` says."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ..records.explanation import Explanation
from ..settings.clustering import Clustering
from .embeddings import behaviour_text, embed
from .weights import weight_points


def points_of(
    explanations: Sequence[Explanation], clustering: Clustering
) -> Float[np.ndarray, "heads dimensions"]:
    """The vectors of explanations, of length 1, or 0 where an explanation has no place.

    Raises InputError if the encoder cannot be loaded.
    """
    if clustering.of == "weights":
        return weight_points(explanations)
    return embed([behaviour_text(e) for e in explanations], clustering.encoder)

"""What a head does in the explanation's own test texts."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from ..intervals import Estimate, resample_counts
from ..measure import OfTexts


def score_texts(
    measures: Iterable[OfTexts], probes: pa.Table, resamples: int, rng: np.random.Generator
) -> dict[str, Estimate]:
    """The scores of `measures`, from the test texts of one head; all by the same draws."""
    positive = probes["positive"].to_numpy()
    drawn = [resample_counts(rng, resamples, int(side.sum())) for side in (positive, ~positive)]
    found = {}
    for measure in measures:
        activation = probes[measure.of_text].to_numpy().astype(float)
        found[measure.name] = measure.compare(activation[positive], activation[~positive], *drawn)
    return found

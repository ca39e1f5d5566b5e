"""Which windows' attention is worth keeping, decided as the corpus streams by."""

import numpy as np
from jaxtyping import Bool, Float

from ..records.base import SPLITS


class RunningTop:
    """Per head and split, whether a window was among the `size` highest peaks when it came.

    What it lets through contains the final top `size`, and about size·ln(windows/size)
    windows more; it holds `size` numbers per head and split however long the corpus.
    The answer for a window depends on those before it alone, not on how they were
    batched; of equal peaks the earlier windows enter, which are those that the choice of
    exemplars prefers.
    """

    def __init__(self, heads: int, size: int):
        self._best: dict[str, np.ndarray] = {
            split: np.full((heads, size), -np.inf, np.float32) for split in SPLITS
        }

    def admit(self, split: str, peaks: Float[np.ndarray, " head"]) -> Bool[np.ndarray, " head"]:
        """Take in one window's peak activation per head; True where it enters the top."""
        best = self._best[split]
        lowest = best.argmin(axis=1)
        rows = np.arange(len(best))
        entered = peaks > best[rows, lowest]
        best[rows[entered], lowest[entered]] = peaks[entered]
        return entered

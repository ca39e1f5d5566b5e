"""The mean of observations that come in clusters, with an interval over the clusters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t


class Mean(NamedTuple):
    """A mean of all observations, and what its interval is made of."""

    value: float
    error: float
    "standard error; infinite for a single cluster"
    freedom: int
    "degrees of freedom: clusters less one"

    def interval(self, level: float) -> tuple[float, float]:
        """The ends of the interval that covers the mean of all clusters so often, by Student's t.

        Of a single cluster it is without end.
        """
        if not self.freedom:
            return -np.inf, np.inf
        half = float(t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.value - half, self.value + half


def clustered_mean(values: Sequence[float], clusters: Sequence[int]) -> Mean:
    """The mean of the values; its error is that of a ratio of sums over clusters.

    With sums S and counts n of m clusters and the mean r, its square is (m / (m - 1)) times
    sum((S - r n)^2) over sum(n)^2 (Cochran, Sampling Techniques, section 6.4). Raises ValueError
    if there are no values.
    """
    if not len(values):
        raise ValueError("no values to take the mean of")
    place = np.unique(np.asarray(clusters, int), return_inverse=True)[1]
    counts = np.bincount(place).astype(float)
    value = float(np.mean(values))
    residuals = np.bincount(place, np.asarray(values, float)) - value * counts
    n = len(counts)
    error = np.sqrt(n / (n - 1) * np.sum(residuals**2)) / counts.sum() if n > 1 else np.inf
    return Mean(value, float(error), n - 1)

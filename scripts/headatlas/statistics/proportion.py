"""The interval of a share."""

import math

_Z = 1.959964  # of 95 %


def wilson(found: int, n: int) -> tuple[float, float]:
    """Ends of the 95 % interval of found/n (Wilson 1927), which holds for shares of 0 and 1 too.

    Raises ValueError if there is nothing of which it is the share.
    """
    if n < 1:
        raise ValueError("a share of nothing has no interval")
    share, squared = found / n, _Z**2
    middle = (share + squared / (2 * n)) / (1 + squared / n)
    half = _Z / (1 + squared / n) * math.sqrt(share * (1 - share) / n + squared / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)

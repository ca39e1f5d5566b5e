"""Whether an explanation holds on a corpus that it was not made on: the criterion, in one place."""

import numpy as np
from jaxtyping import Int

from .intervals import Estimate, undefined
from .measure import clearly_above
from .measures import attention_explained

MEASURE = attention_explained.MEASURE
MARGIN = MEASURE.margin_of("position_")
LEAST_QUERIES, LEAST_WINDOWS = 30, 5
LEAST_SHARE = 0.05  # of all queries: elsewhere a program says what distance alone says

CRITERION = (
    "An explanation holds on another corpus if, executed on its test windows, it explains more of "
    "the head's attention than the position model fitted to the head on train text of that corpus: "
    f"the 95 % interval of the difference is above {MEASURE.least}. It does not hold if no part of "
    f"the interval is above {MEASURE.least}. It is not known where only a part is, where what it "
    f"names is there at fewer than {LEAST_QUERIES} queries, at fewer than "
    f"{100 * LEAST_SHARE:.0f} % of all, or in fewer than {LEAST_WINDOWS} windows, and where "
    "it tells of distance alone."
)


def held(
    margin: Estimate, active: Int[np.ndarray, " window"], *, asked: int, terms: int
) -> Estimate:
    """1 if an explanation holds, 0 if not, or the reason why it is not known.

    `margin` is what it explains over the position model of the other corpus, `active` the
    queries of each of its test windows at which what is explained is there, of `asked` in all,
    `terms` how many things there are. n counts the active queries.
    """
    queries, windows = int(active.sum()), int(np.count_nonzero(active))
    if margin.value is None:
        return undefined(queries, margin.reason or "it has no score")
    if not terms:
        return undefined(0, "it tells of distance alone, which is what it would be held against")
    if queries < max(LEAST_QUERIES, LEAST_SHARE * asked) or windows < LEAST_WINDOWS:
        return undefined(
            queries,
            f"what it names is there at {queries} of {asked} queries, in {windows} windows; needed "
            f"are {LEAST_QUERIES} and {100 * LEAST_SHARE:.0f} %, in {LEAST_WINDOWS} windows",
        )
    if clearly_above(margin.value, margin.low, MEASURE.least):
        return Estimate(1.0, None, None, queries)
    if margin.high is not None and margin.high > MEASURE.least:
        return undefined(queries, f"the interval of the difference reaches above {MEASURE.least}")
    return Estimate(0.0, None, None, queries)

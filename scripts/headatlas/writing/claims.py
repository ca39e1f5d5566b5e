"""What is claimed of the tokens that a head raises and lowers, and whether it holds on test text.

A lift is how much more a head adds to a token at its query than to the tokens of the same kind at
its other queries, in standard deviations of what it adds to the vocabulary: these tokens are as
frequent as its own, for they are its own at other places.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ..intervals import mean_intervals
from ..records.direct import OBJECTS
from ..records.write_claims import EFFECTS, HeadClaims, Lift, WriteClaim

LEAST = 0.5  # lift on train and on validation of what is claimed
MOST_CLAIMS = 2
FEWEST = 4  # windows, for an interval
TENTH = 0.1
SAME = 0.5  # share of queries that attend to themselves
RESAMPLES = 1000
COMMON = 0.1  # of the active queries at which a token is among those raised most, to be shown
SHOWN = 6


def claims_of(
    layer: int, head: int, rows: pl.DataFrame, pieces: Mapping[int, str], seed: int
) -> HeadClaims:
    """The claims on a head: `rows` are its own of `records.direct.DIRECT`.

    What is claimed has a lift of `LEAST` in size, clear of 0 over windows, on train and on
    validation alike. All other claims are held against test text too.
    """
    lifts = {
        (split, kind, name): lift_of(_values(rows, split, kind, name), seed)
        for split in ("train", "validation", "test")
        for kind in ("active", "random")
        for name in OBJECTS
    }
    told_apart = _told_apart(rows)
    claims: list[WriteClaim] = []
    others: list[WriteClaim] = []
    for name in OBJECTS:
        seen = [lifts[split, "active", name] for split in ("train", "validation")]
        for effect, sign in EFFECTS.items():
            test = _times(lifts["test", "active", name], sign)
            claim = WriteClaim(
                effect=effect,
                object=name,
                chosen=_times(seen[1], sign).value,
                test=test,
                extreme=_extreme(rows, name, sign),
                random=_times(lifts["test", "random", name], sign),
                holds=test.low is not None and test.low > 0,
            )
            chosen = name in told_apart and all(_clear(lift, sign) for lift in seen)
            (claims if chosen else others).append(claim)
    claims.sort(key=lambda claim: -(claim.chosen or 0.0))
    return HeadClaims(
        layer=layer,
        head=head,
        claims=claims[:MOST_CLAIMS],
        others=claims[MOST_CLAIMS:] + others,
        lifts={name: lifts["test", "active", name] for name in OBJECTS},
        raised=_common(rows, "raised", pieces),
        lowered=_common(rows, "lowered", pieces),
    )


def _told_apart(rows: pl.DataFrame) -> list[str]:
    """The objects, but for the attended token where it mostly is the current one."""
    active = rows.filter(pl.col("split") == "train", pl.col("kind") == "active")
    itself = (active["key"] == active["query"]).to_list()
    same = sum(itself) > SAME * len(itself)
    return [name for name in OBJECTS if not (same and name == "attended")]


def lift_of(values: Sequence[float], seed: int) -> Lift:
    """The mean of some windows' lifts and its 95 % interval, if there are enough of them."""
    n = len(values)
    if n < FEWEST:
        return Lift(value=None, low=None, high=None, n=n)
    rng = np.random.default_rng(seed)
    ((value, low, high),) = mean_intervals(np.array(values)[:, None], RESAMPLES, rng).tolist()
    return Lift(value=value, low=low, high=high, n=n)


def _values(rows: pl.DataFrame, split: str, kind: str, name: str) -> list[float]:
    own = rows.filter(pl.col("split") == split, pl.col("kind") == kind, pl.col("spread") > 0)
    lift = (pl.col(f"{name}_effect") - pl.col(f"{name}_matched")) / pl.col("spread")
    values = own.select(lift.cast(pl.Float64)).to_series().drop_nulls().to_list()
    return [float(value) for value in values]


def _clear(lift: Lift, sign: int) -> bool:
    if lift.value is None or lift.low is None or lift.high is None:
        return False
    return sign * lift.value >= LEAST and min(sign * lift.low, sign * lift.high) > 0


def _times(lift: Lift, sign: int) -> Lift:
    if sign > 0 or lift.value is None or lift.low is None or lift.high is None:
        return lift
    return Lift(value=-lift.value, low=-lift.high, high=-lift.low, n=lift.n)


def _extreme(rows: pl.DataFrame, name: str, sign: int) -> float | None:
    own = rows.filter(pl.col("split") == "test", pl.col("kind") == "active")
    above = own[f"{name}_above"].drop_nulls()
    if not len(above):
        return None
    hits = above >= 1 - TENTH if sign > 0 else above <= TENTH
    return float(np.mean(hits.to_list()))


def _common(rows: pl.DataFrame, column: str, pieces: Mapping[int, str]) -> list[str]:
    """The tokens that are in the column at most of the active test queries, often enough."""
    own = rows.filter(pl.col("split") == "test", pl.col("kind") == "active")
    counts = (
        own[column]
        .explode()
        .drop_nulls()
        .value_counts()
        .sort(["count", column], descending=[True, False])
    )
    return [
        pieces.get(token, "")
        for token, count in counts.iter_rows()
        if count >= max(COMMON * len(own), 2)
    ][:SHOWN]  # fmt: skip

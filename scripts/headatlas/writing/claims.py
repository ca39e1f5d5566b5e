"""What is claimed of the tokens that a head raises and lowers, and whether it holds on test text.

A lift is how much more a head adds to a token at its query than to the tokens of the same kind at
its other queries, in standard deviations of what it adds to the vocabulary: these tokens are as
frequent as its own, for they are its own at other places. Intervals are over tokens, each with all
its queries: a head that happens to raise a few frequent ones does not raise what it attends to. A
map that is random does that for some tokens, and the same tokens come again in every split: that a
claim holds elsewhere is no protection, so what is claimed is clear of 0 at a stricter level.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from ..records.direct import OBJECTS
from ..records.write_claims import EFFECTS, HeadClaims, Lift, WriteClaim
from ..statistics.clustered import clustered_mean
from .criterion import FALSE, LEAST

MOST_CLAIMS = 2
CHOOSING = ("train", "validation")
FEWEST = 4  # tokens, for an interval
TENTH = 0.1
SAME = 0.5  # share of queries at which an object is the current token
# How far behind the query the key then is.
CURRENT_AT = {"attended": 0, "after_attended": 1}
CLAIMABLE = 1 - FALSE / len(OBJECTS)  # level; an interval has two sides, as an object has effects
COMMON = 0.1  # of the active queries at which a token is among those raised most, to be shown
SHOWN = 6


def claims_of(layer: int, head: int, rows: pl.DataFrame, pieces: Mapping[int, str]) -> HeadClaims:
    """The claims on a head: `rows` are its own of `records.direct.DIRECT`.

    What is claimed has a lift of `LEAST` in size on train and on validation alike, and is clear
    of 0 on both together at `CLAIMABLE`. All other claims are held against test text too.
    """
    tested = {
        (kind, name): lift_of(*_values(_at(rows, ["test"], kind), name))
        for kind in ("active", "random")
        for name in OBJECTS
    }
    told_apart = _told_apart(rows)
    claims: list[WriteClaim] = []
    others: list[WriteClaim] = []
    for name in OBJECTS:
        seen = [lift_of(*_values(_at(rows, [split], "active"), name)) for split in CHOOSING]
        both = lift_of(*_values(_at(rows, CHOOSING, "active"), name), CLAIMABLE)
        for effect, sign in EFFECTS.items():
            test = _times(tested["active", name], sign)
            claim = WriteClaim(
                effect=effect,
                object=name,
                chosen=_times(seen[1], sign).value,
                test=test,
                extreme=_extreme(rows, name, sign),
                random=_times(tested["random", name], sign),
                holds=test.low is not None and test.low > 0,
            )
            large = all(sign * (lift.value or 0.0) >= LEAST for lift in seen)
            chosen = name in told_apart and large and _clear(both, sign)
            (claims if chosen else others).append(claim)
    claims.sort(key=lambda claim: -(claim.chosen or 0.0))
    for claim in [c for c in claims[1:] if not _on_its_own(rows, c, claims[0])]:
        claims.remove(claim)
        others.append(claim)
    return HeadClaims(
        layer=layer,
        head=head,
        claims=claims[:MOST_CLAIMS],
        others=claims[MOST_CLAIMS:] + others,
        lifts={name: tested["active", name] for name in OBJECTS},
        raised=_common(rows, "raised", pieces),
        lowered=_common(rows, "lowered", pieces),
    )


def _told_apart(rows: pl.DataFrame) -> list[str]:
    """The objects, without one of each two that are mostly the same token.

    That is the current one where an object mostly is the current token, unless random queries at
    which they differ tell that it is the object.
    """
    chosen = _at(rows, ["train"], "active")
    found = list(OBJECTS)
    for name, distance in CURRENT_AT.items():
        same = (chosen["query"] - chosen["key"] == distance).to_list()
        if sum(same) > SAME * len(same):
            other = "current" if _is_object(rows, name, distance) else name
            found = [kept for kept in found if kept != other]
    return found


def _on_its_own(rows: pl.DataFrame, claim: WriteClaim, largest: WriteClaim) -> bool:
    """Whether a claim holds where its token is another than that of the largest claim."""
    seen, sign = _at(rows, CHOOSING, "active"), EFFECTS[claim.effect]
    differ = pl.col(f"{claim.object}_token") != pl.col(f"{largest.object}_token")
    apart = seen.filter(differ.fill_null(value=True))
    return _clear(lift_of(*_values(apart, claim.object)), sign)


def _is_object(rows: pl.DataFrame, name: str, distance: int) -> bool:
    """Whether the lift is the object's, not the current token's, where these are not the same."""
    random = _at(rows, CHOOSING, "random")
    apart = random.filter(pl.col("query") - pl.col("key") != distance)
    own, current = (lift_of(*_values(apart, n)) for n in (name, "current"))
    if not (_clear(own, 1) or _clear(own, -1)):
        return False
    return abs(own.value or 0.0) > abs(current.value or 0.0)


def lift_of(values: Sequence[float], tokens: Sequence[int], level: float = 0.95) -> Lift:
    """The mean of some queries' lifts and its interval, if they are about enough tokens."""
    if len(set(tokens)) < FEWEST:
        return Lift(value=None, low=None, high=None, n=len(values))
    mean = clustered_mean(values, tokens)
    low, high = mean.interval(level)
    return Lift(value=mean.value, low=low, high=high, n=len(values))


def _at(rows: pl.DataFrame, splits: Sequence[str], kind: str) -> pl.DataFrame:
    return rows.filter(pl.col("split").is_in(splits), pl.col("kind") == kind)


def _values(rows: pl.DataFrame, name: str) -> tuple[list[float], list[int]]:
    """Lifts, and the tokens that they are of."""
    lift = (pl.col(f"{name}_effect") - pl.col(f"{name}_matched")) / pl.col("spread")
    found = rows.filter(pl.col("spread") > 0).select(
        lift.cast(pl.Float64).alias("lift"), pl.col(f"{name}_token").alias("token")
    )
    found = found.drop_nulls().filter(pl.col("lift").is_finite())
    return found["lift"].to_list(), found["token"].to_list()


def _clear(lift: Lift, sign: int) -> bool:
    if lift.value is None or lift.low is None or lift.high is None:
        return False
    return sign * lift.value >= LEAST and min(sign * lift.low, sign * lift.high) > 0


def _times(lift: Lift, sign: int) -> Lift:
    if sign > 0 or lift.value is None or lift.low is None or lift.high is None:
        return lift
    return Lift(value=-lift.value, low=-lift.high, high=-lift.low, n=lift.n)


def _extreme(rows: pl.DataFrame, name: str, sign: int) -> float | None:
    own = _at(rows, ["test"], "active")
    above = own[f"{name}_above"].drop_nulls()
    if not len(above):
        return None
    hits = above >= 1 - TENTH if sign > 0 else above <= TENTH
    return float(np.mean(hits.to_list()))


def _common(rows: pl.DataFrame, column: str, pieces: Mapping[int, str]) -> list[str]:
    """The tokens that are in the column at most of the active test queries, often enough."""
    own = _at(rows, ["test"], "active")
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

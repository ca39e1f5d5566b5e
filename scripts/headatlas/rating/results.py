"""What ratings come to: do people tell explanations from controls, do they agree, can one trust
them, and do automatic scores say the same?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import krippendorff
import numpy as np
from jaxtyping import Float

from headatlas.controls import Head
from headatlas.intervals import Estimate, generator, resample_counts, resampled, undefined
from headatlas.statistics.auroc import auroc
from headatlas.statistics.spearman import spearman

LOW = 2  # at most so much is given to an explanation that is plainly wrong
STEADY = 1.5  # and at most so far apart, on average, is what is given to the same twice
Rows = Sequence[Mapping[str, Any]]  # of records.ratings.RATINGS
Scores = Mapping[str, Mapping[Head, float]]  # of each metric, values of heads


class Settings(NamedTuple):
    """How intervals are made."""

    bootstrap: int
    seed: int


class Result(NamedTuple):
    """One figure: of whose ratings, what, and held against which score."""

    raters: str
    measure: str
    estimate: Estimate
    metric: str | None = None


def results(rows: Rows, scores: Scores, settings: Settings) -> list[Result]:
    """All figures: of all raters together, of those that can be trusted, and of each.

    Only ratings of what is current count.
    """
    current = [row for row in rows if row["current"]]
    raters = sorted({row["rater"] for row in rows})
    good = [rater for rater in raters if trusted([r for r in current if r["rater"] == rater])]
    groups = {"all": current, "trusted": [row for row in current if row["rater"] in good]}
    found = [r for name, some in groups.items() for r in _of_group(name, some, scores, settings)]
    for rater in raters:
        own = [row for row in current if row["rater"] == rater]
        found += [Result(str(rater), *named) for named in _of_rater(own, settings)]
    return found


def trusted(rows: Rows) -> bool:
    """Whether a rater reads: gives little to what is plainly wrong, and the same to the same.

    Whether their ratings tell explanations from controls does not count here: that may be the
    fault of the explanations.
    """
    caught = [row["rating"] for row in _rated(rows, "catch")]
    apart = repeats(rows)
    steady = sum(apart) <= STEADY * len(apart)
    return bool(caught) and max(caught) <= LOW and steady


def repeats(rows: Rows) -> list[int]:
    """How far apart the ratings of a trial and of its repetition are, of one rater."""
    first = {row["place"]: row["rating"] for row in rows}
    again = [row for row in rows if row["repeats"] is not None]
    pairs = [(row["rating"], first.get(row["repeats"])) for row in again]
    return [abs(a - b) for a, b in pairs if a is not None and b is not None]


def _of_group(name: str, rows: Rows, scores: Scores, settings: Settings) -> Iterator[Result]:
    for measure, estimate in _ratings_and_marks(rows, settings):
        yield Result(name, measure, estimate)
    yield Result(name, "alpha", alpha(rows, settings))
    given = by_head(rows, "true")
    for metric, values in scores.items():
        pairs = [(given[at], values[at]) for at in given if at in values]
        yield Result(name, "spearman", _over(pairs, spearman, settings, least=3), metric)


def _of_rater(rows: Rows, settings: Settings) -> Iterator[tuple[str, Estimate]]:
    yield from _ratings_and_marks(rows, settings)
    caught = [float(row["rating"] <= LOW) for row in _rated(rows, "catch")]
    yield "catches_found", _over([(value,) for value in caught], _mean, settings)
    yield "repeats_apart", _over([(float(value),) for value in repeats(rows)], _mean, settings)
    one = float(trusted(rows))
    yield "trusted", Estimate(one, None, None, len(rows)) if rows else undefined(0, "no ratings")


def _ratings_and_marks(rows: Rows, settings: Settings) -> Iterator[tuple[str, Estimate]]:
    true, control = by_head(rows, "true"), by_head(rows, "control")
    for name, given in (("true", true), ("control", control)):
        yield f"rating_{name}", _over([(value,) for value in given.values()], _mean, settings)
    pairs = [(true[at], control[at]) for at in true if at in control]
    yield "rating_margin", _over(pairs, lambda d: d[..., 0].mean(1) - d[..., 1].mean(1), settings)
    yield "rating_auroc", _auroc(list(true.values()), list(control.values()), settings)
    for name in ("true", "control"):
        marks = [
            (r["active_marked"], r["active"], r["inactive_marked"], r["inactive"])
            for r in rows
            if r["kind"] == name and r["repeats"] is None and r["unsure"] is False
        ]
        yield f"marks_{name}", _over(marks, balanced_accuracy, settings)


def by_head(rows: Rows, kind: str) -> dict[Head, float]:
    """Mean rating of a head's own explanation, or of its control's; repetitions left out."""
    given: dict[Head, list[int]] = {}
    for row in _rated(rows, kind):
        given.setdefault((row["layer"], row["head"]), []).append(row["rating"])
    return {at: float(np.mean(values)) for at, values in given.items()}


def balanced_accuracy(counts: Float[np.ndarray, "draws trials 4"]) -> Float[np.ndarray, " draws"]:
    """Mean of the share of active tokens that are marked and of others that are not; 0.5 is chance.

    Of each trial: active tokens marked, active tokens, inactive tokens marked, inactive tokens.
    """
    hits, active, false, inactive = np.moveaxis(counts.sum(axis=1), -1, 0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = (hits / active + 1 - false / inactive) / 2
    return found


def alpha(rows: Rows, settings: Settings) -> Estimate:
    """Krippendorff's alpha of ordinal ratings, over heads and explanations that two or more rated.

    1: they agree, 0: as by chance (Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability"). What is shown to catch a rater, or again, is left out.
    """
    shown = [row for kind in ("true", "control") for row in _rated(rows, kind)]
    raters = sorted({row["rater"] for row in shown})
    units: dict[tuple, list[float]] = {}
    for row in shown:
        at = (row["kind"], row["layer"], row["head"])
        units.setdefault(at, [np.nan] * len(raters))[raters.index(row["rater"])] = row["rating"]
    shared = [given for given in units.values() if np.isfinite(given).sum() > 1]
    if len(shared) < 2:
        return undefined(len(shared), "fewer than 2 explanations that several raters rated")
    return resampled(np.array(shared, float), _alphas, settings.bootstrap, settings.seed)


def _alphas(drawn: Float[np.ndarray, "draws units raters"]) -> Float[np.ndarray, " draws"]:
    return np.array([_alpha(units.T) for units in drawn])


def _alpha(data: Float[np.ndarray, "raters units"]) -> float:
    if np.nanmin(data) == np.nanmax(data):
        return np.nan  # nothing varies that could agree
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal"))


def _rated(rows: Rows, kind: str) -> list[Mapping[str, Any]]:
    return [
        row
        for row in rows
        if row["kind"] == kind and row["repeats"] is None and row["rating"] is not None
    ]


def _auroc(true: Sequence[float], control: Sequence[float], settings: Settings) -> Estimate:
    """How often an explanation is rated above a control, a tie counting half."""
    rng = generator(settings.seed, "auroc")
    drawn = [resample_counts(rng, settings.bootstrap, len(side)) for side in (true, control)]
    return auroc(np.array(true, float), np.array(control, float), *drawn)


def _over(
    values: Sequence[Sequence[int | float]],
    statistic: Callable[[Float[np.ndarray, "draws units columns"]], Float[np.ndarray, " draws"]],
    settings: Settings,
    least: int = 1,
) -> Estimate:
    if len(values) < least:
        return undefined(len(values), "too few ratings")
    return resampled(np.array(values, float), statistic, settings.bootstrap, settings.seed)


def _mean(drawn: Float[np.ndarray, "draws units 1"]) -> Float[np.ndarray, " draws"]:
    found: np.ndarray = drawn[..., 0].mean(axis=1)
    return found

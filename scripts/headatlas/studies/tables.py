"""The tables of a study as rows: values by head, and what each variant does to each measure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..comparison.statistics import average
from ..intervals import Estimate, resampled
from .arms import Arm, Found, Place, reference_of
from .differences import Difference, difference, holm
from .quality import CHANCE, Values, values_of

Row = dict[str, Any]
_DIGITS = 6


class Sampling(NamedTuple):
    """Resamples behind each interval, and the seed of all that is drawn."""

    resamples: int
    seed: int


class Compared(NamedTuple):
    """A measure of a variant, and its difference to the reference."""

    arm: Arm
    measure: str
    value: Estimate
    chance: float | None = None
    reference: Arm | None = None
    difference: Difference | None = None


Scored = dict[str, dict[str, Values]]  # by variant and measure


def scored(arms: Sequence[Arm], found: Mapping[str, Found]) -> Scored:
    """The values of the variants whose explanations are their own.

    A variant that changes nothing before the families has those of another, and is left out.
    """
    first: dict[tuple[str, str, str], Arm] = {}
    for arm in arms:
        if found[arm.label].scores:
            first.setdefault(arm.explained_by, arm)
    measures = {name for arm in first.values() for name in values_of(found[arm.label])}
    return {arm.label: values_of(found[arm.label], measures) for arm in first.values()}


def value_rows(arms: Sequence[Arm], by_arm: Scored) -> Iterator[Row]:
    """Rows of `records.studies.STUDY_VALUES`."""
    for arm in arms:
        for measure, values in by_arm.get(arm.label, {}).items():
            for (layer, head), (value, chance) in values.items():
                place = {"layer": layer, "head": head}
                told = {"measure": measure, "value": round(value, _DIGITS), "chance": chance}
                yield {**arm.names, **place, **told}


def compared_scores(arms: Sequence[Arm], by_arm: Scored, sampling: Sampling) -> Iterator[Compared]:
    """The mean of each measure of each variant, and its difference to the reference."""
    own = [arm for arm in arms if arm.label in by_arm]
    for measure in dict.fromkeys(name for values in by_arm.values() for name in values):
        plain = {
            arm.label: {at: v.value for at, v in by_arm[arm.label][measure].items()}
            for arm in own
            if measure in by_arm[arm.label]
        }
        those = [a for a in own if a.label in plain]
        yield from compared_means(those, measure, plain, sampling, CHANCE.get(measure))


def compared_means(
    arms: Sequence[Arm],
    measure: str,
    values: Mapping[str, Mapping[Place, float]],
    sampling: Sampling,
    chance: float | None = None,
) -> Iterator[Compared]:
    """The mean over heads of a measure by variant, and the differences to the references."""
    references = {arm.label: reference_of(arm, arms) for arm in arms}
    comparisons = sum(reference is not None for reference in references.values())
    for arm in arms:
        column = np.array([*values[arm.label].values()])[:, None]
        estimate = resampled(column, average(np.mean), *sampling)
        reference = references[arm.label]
        change = None
        if reference:
            change = difference(
                values[arm.label],
                values[reference.label],
                paired=arm.model == reference.model,
                comparisons=comparisons,
                resamples=sampling.resamples,
                seed=sampling.seed,
            )
        yield Compared(arm, measure, estimate, chance, reference, change)


def difference_rows(compared: Sequence[Compared]) -> list[Row]:
    """Rows of `records.studies.STUDY_DIFFERENCES`; each p is adjusted within its measure."""
    adjusted: dict[int, float | None] = {}
    for measure in dict.fromkeys(c.measure for c in compared):
        places = [n for n, c in enumerate(compared) if c.measure == measure]
        p_values = [c.difference.p if (c := compared[n]).difference else None for n in places]
        adjusted |= dict(zip(places, holm(p_values), strict=True))
    return [_row(one, adjusted[n]) for n, one in enumerate(compared)]


def _row(compared: Compared, p_adjusted: float | None) -> Row:
    change = compared.difference
    numbers = {
        "value": compared.value.value,
        "low": compared.value.low,
        "high": compared.value.high,
        "chance": compared.chance,
        "difference": change and change.estimate.value,
        "difference_low": change and change.estimate.low,
        "difference_high": change and change.estimate.high,
        "p": change and change.p,
        "p_adjusted": p_adjusted,
        "detectable": change and change.detectable,
    }
    return {
        **compared.arm.names,
        "measure": compared.measure,
        **{name: None if n is None else float(f"{n:.{_DIGITS}g}") for name, n in numbers.items()},
        "n": compared.value.n,
        "reference": compared.reference and compared.reference.label,
        "paired": change and change.paired,
        "pairs": change and change.estimate.n,
    }

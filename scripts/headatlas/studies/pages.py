"""The page of a study, rendered from its tables."""

from collections.abc import Mapping, Sequence

import jinja2

from ..comparison.plots import Plot, plot
from ..reporting.pictures import Entry, Picture, linear
from .arms import Arm, told_as
from .best_of_k import OTHER, SAME
from .differences import LEVEL
from .findings import CHANGE, MEASURES, change, deciding, figure, findings, is_apart
from .tables import Row

RUN = "the run itself"
VALUE = ("value", "low", "high")


def page(
    env: jinja2.Environment,
    name: str,
    title: str,
    arms: Sequence[Arm],
    heads: Mapping[str, Sequence[str]],
    drawn: bool,
    rows: Sequence[Row],
    costs: Sequence[Row],
    best: Sequence[Row],
) -> str:
    """`index.html` of a study."""
    names = [m for m in MEASURES if any(row["measure"] == m for row in rows)]
    decides = deciding(rows)
    compared = [row for row in rows if row["p"] is not None]
    short = {arm.label: short_name(arm) for arm in arms}
    return env.get_template("study.html").render(
        name=name,
        title=title,
        arms=arms,
        base=arms[0],
        settings=_settings(arms),
        heads=heads,
        drawn=drawn,
        measures=[MEASURES[m] for m in names],
        decides=[MEASURES[m] for m in decides],
        findings=findings(rows, decides),
        pictures=[(MEASURES[m], picture(rows, m, short), _base(rows, m)) for m in names],
        apart=sum(map(is_apart, compared)),
        short=short,
        best=[_best(arm.label, [r for r in best if r["variant"] == arm.label]) for arm in arms],
        cells={(row["variant"], row["measure"]): row for row in rows},
        costs={row["variant"]: row for row in costs},
        compared=len(compared),
        by_chance=LEVEL * len(compared),
    )


def short_name(arm: Arm) -> str:
    """A variant as it is called where the settings are named beside it."""
    if not arm.changed:
        return RUN
    last = (setting.rpartition(".")[2] for setting in arm.changed)
    told = zip(last, map(told_as, arm.changed.values()), strict=True)
    return ", ".join(f"{setting} {value}" for setting, value in told)


def picture(rows: Sequence[Row], measure: str, names: Mapping[str, str]) -> Picture | None:
    """The differences of a measure; its values, where there are no differences."""
    own = [row for row in rows if row["measure"] == measure]
    changes = [row for row in own if row["difference"] is not None]
    keys = CHANGE if changes else VALUE
    entries = [
        Entry(
            names[row["variant"]],
            change(row, *keys) + (" *" if is_apart(row) else ""),
            *(row[key] for key in keys),
        )
        for row in changes or own
        if row[keys[0]] is not None
    ]
    return linear(entries, "Difference; * told apart" if changes else "Value") if entries else None


def _best(variant: str, rows: Sequence[Row]) -> tuple[str, list[Row], Plot | None, str]:
    """Of a variant, the expected best of k: a row for each k, its picture, what the fit says."""
    if not rows:
        return variant, [], None, ""
    series = [row["measured_on"] for row in rows]
    labels = [str(row["k"]) for row in rows]
    places = {label: float(label) for label in labels}
    held_out = [row for row in rows if row["measured_on"] == OTHER]
    same = {row["k"]: row for row in rows if row["measured_on"] == SAME}
    both = [{**row, "same": same[row["k"]]} for row in held_out]
    return variant, both, plot(rows, series, labels, places), fit_in_words(held_out)


def fit_in_words(rows: Sequence[Row]) -> str:
    """What a power law through the smaller k says of the largest."""
    last, fitted = rows[-1], [row for row in rows if not row["tested"]]
    if last["fitted"] is None:
        return "No power law is fitted: that takes five candidates, and a curve that is found."
    said = (
        f"A power law with asymptote, fitted up to k = {fitted[-1]['k']}, says "
        f"{figure(last['fitted'])} for k = {last['k']}; measured is {change(last, *VALUE)}"
    )
    if last["low"] is None:
        return f"{said}."
    inside = last["low"] <= last["fitted"] <= last["high"]
    return f"{said}, {'which holds it' if inside else 'which does not hold it'}."


def _base(rows: Sequence[Row], measure: str) -> Row | None:
    """The row of the run itself."""
    return next((r for r in rows if r["measure"] == measure and r["variant"] == ""), None)


def _settings(arms: Sequence[Arm]) -> dict[str, list[object]]:
    """The values that each setting has in the variants."""
    found: dict[str, list[object]] = {}
    for arm in arms:
        for setting, value in arm.changed.items():
            values = found.setdefault(setting, [])
            if value not in values:
                values.append(value)
    return found

"""The page of a study, rendered from its tables."""

from collections.abc import Mapping, Sequence

import jinja2

from ..comparison.plots import Plot, plot
from ..figures import number
from ..reporting.pictures import Entry, Picture, linear
from .arms import Arm, told_as
from .best_of_k import OTHER, SAME
from .differences import LEVEL
from .families import FAMILIES
from .findings import CHANGE, MEASURES, change, deciding, figure, findings, is_apart
from .tables import Row

RUN = "the run itself"
VALUE = ("value", "low", "high")


def page(
    env: jinja2.Environment,
    name: str,
    title: str,
    arms: Sequence[Arm],
    heads: Sequence[str],
    rows: Sequence[Row],
    costs: Sequence[Row],
    best: Sequence[Row],
) -> str:
    """`index.html` of a study; `heads` says of each model which were studied."""
    names = [m for m in MEASURES if any(row["measure"] == m for row in rows)]
    decides = deciding(rows)
    compared = [row for row in rows if row["p"] is not None]
    short = {arm.label: short_name(arm) for arm in arms}
    by_name = {row["variant"]: row for row in costs}
    return env.get_template("study.html").render(
        name=name,
        title=title,
        arms=arms,
        base=arms[0],
        settings=_settings(arms),
        heads=heads,
        measures=[MEASURES[m] for m in names],
        decides=[MEASURES[m] for m in decides],
        findings=[
            (f, asked_in_words(arms, f.variant, rows, by_name)) for f in findings(rows, decides)
        ],
        pictures=[(MEASURES[m], picture(rows, m, short), _base(rows, m)) for m in names],
        at_most=[measure.name for measure in FAMILIES],
        apart=sum(map(is_apart, compared)),
        short=short,
        best=[_best(arm.label, [r for r in best if r["variant"] == arm.label]) for arm in arms],
        cells={(row["variant"], row["measure"]): row for row in rows},
        costs=by_name,
        compared=len(compared),
        by_chance=LEVEL * len(compared),
    )


def short_name(arm: Arm) -> str:
    """A variant as it is called where the settings are named beside it."""
    told = (
        f"{setting.rpartition('.')[2]} {told_as(value)}"
        for setting, value in (arm.changed or arm.own).items()
    )
    return ", ".join(told) if arm.changed else f"{RUN} ({', '.join(told)})"


def drawn_in_words(model: str, count: int, of: int | None, by_family: bool) -> str:
    """Which heads of a model a study is about."""
    if of is None:
        return f"all {count} selected heads of {model}"
    return f"{count} of {of} heads of {model}, drawn by {'family and ' * by_family}layer"


def asked_in_words(
    arms: Sequence[Arm], variant: str, rows: Sequence[Row], costs: Mapping[str, Row]
) -> str:
    """What a variant asks of language models beside its reference; nothing if neither asks."""
    reference = next(
        r["reference"] for r in rows if r["variant"] == variant and r["reference"] is not None
    )
    own, other = (
        costs[name]["input_tokens"] + costs[name]["output_tokens"] for name in (variant, reference)
    )
    alike = {arm.explained_by for arm in arms if arm.label in (variant, reference)}
    if not (own or other) or len(alike) == 1:
        return ""
    if not (own and other):
        return f" It takes {own:,} tokens of language models, the other {other:,}."
    return f" It takes {number(own / other)} times the tokens: {own:,} against {other:,}."


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


def _settings(arms: Sequence[Arm]) -> list[tuple[str, list[str], str]]:
    """Each setting with the values that it has in the variants, and in the run itself, in words."""
    found: dict[str, list[str]] = {}
    for arm in arms:
        for setting, value in arm.changed.items():
            values = found.setdefault(setting, [])
            if told_as(value) not in values:
                values.append(told_as(value))
    own = arms[0].own
    return [(s, values, told_as(own[s]) if s in own else "") for s, values in found.items()]

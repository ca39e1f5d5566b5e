"""The page of a study, rendered from its tables."""

from collections.abc import Mapping, Sequence

import jinja2

from ..reporting.pictures import Entry, Picture, linear
from .arms import Arm, told_as
from .differences import LEVEL
from .findings import CHANGE, MEASURES, change, deciding, findings, is_apart
from .tables import Row

RUN = "the run itself"


def page(
    env: jinja2.Environment,
    name: str,
    title: str,
    arms: Sequence[Arm],
    heads: Mapping[str, Sequence[str]],
    drawn: bool,
    rows: Sequence[Row],
    costs: Sequence[Row],
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
    keys = CHANGE if changes else ("value", "low", "high")
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

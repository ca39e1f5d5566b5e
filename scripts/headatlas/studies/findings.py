"""What the table of a study shows and does not show, a sentence for each variant."""

from collections.abc import Sequence
from typing import NamedTuple

from ..figures import number
from .differences import LEVEL
from .families import FAMILIES
from .quality import MEASURED
from .tables import Row

MEASURES = {measure.name: measure for measure in (*MEASURED, *FAMILIES)}


class Finding(NamedTuple):
    """Of a variant and a measure, whether both can be told apart, and the sentence that says it."""

    variant: str
    measure: str
    apart: bool
    text: str


def findings(rows: Sequence[Row], measures: Sequence[str]) -> list[Finding]:
    """What is found of each variant by the measures that decide, in the order of the table."""
    return [
        _finding(row)
        for row in rows
        if row["measure"] in measures and row["difference"] is not None and row["p"] is not None
    ]


def deciding(rows: Sequence[Row]) -> list[str]:
    """The measures that decide, chosen by kind of measure and not by what came out.

    Of scores the first that all variants with scores have; of families how words and weights
    agree where all have that, and else the share of heads in one.
    """
    found = []
    for kinds in (MEASURED, (FAMILIES[2], FAMILIES[1])):
        names = [m.name for m in kinds]
        variants = {row["variant"] for row in rows if row["measure"] in names}
        found += [name for name in names if variants and variants == _having(rows, name)][:1]
    return found


def _having(rows: Sequence[Row], measure: str) -> set[str]:
    return {row["variant"] for row in rows if row["measure"] == measure}


def _finding(row: Row) -> Finding:
    label = MEASURES[row["measure"]].label
    against = "the run itself" if row["reference"] == "" else row["reference"]
    of = f"{row['pairs']} heads" + ("" if row["paired"] else " at least, of other models, unpaired")
    apart = is_apart(row)
    if apart:
        more = "higher" if row["difference"] > 0 else "lower"
        text = f"{label} is {more} than in {against}: {change(row)}, over {of}."
    else:
        text = f"{label} is not told apart from that of {against}: {change(row)}, over {of}."
        if row["detectable"]:
            text += (
                f" A difference of {figure(row['detectable'])} would have been found in four of "
                "five such studies; a smaller one may be there."
            )
        elif row["detectable"] is None:
            text += " Too few heads differ to show anything, however large."
        elif row["difference"] == 0:
            text += " It is the same for every head."
    return Finding(row["variant"], row["measure"], apart, text)


def is_apart(row: Row) -> bool:
    """Whether a variant can be told from its reference by a measure."""
    return row["p_adjusted"] is not None and bool(row["p_adjusted"] < LEVEL)


def change(row: Row, *keys: str) -> str:
    """A difference with its interval, or what else `keys` name, to three decimals below ten."""
    value, low, high = (row[key] for key in keys or CHANGE)
    ends = "" if low is None or high is None else f" [{figure(low)}, {figure(high)}]"
    return figure(value) + ends


CHANGE = ("difference", "difference_low", "difference_high")


def figure(value: float) -> str:
    """A figure as `figures.number` has it, but to three decimals below ten."""
    if abs(value) >= 10 or value == int(value):
        return number(value)
    return f"{value:.3f}".replace("-", "−")

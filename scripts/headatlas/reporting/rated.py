"""What people say of explanations, as the pages show it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headatlas.measures import MEASURES

Row = Mapping[str, Any]  # of records.ratings.RATING_SCORES
FIGURES = {
    "rating_true": "Rating of a head's own explanation",
    "rating_control": "Rating of another head's",
    "rating_margin": "Difference, by head",
    "rating_auroc": "Own rated above another's (AUROC)",
    "alpha": "Agreement of raters (Krippendorff's alpha)",
    "marks_true": "Marked in unseen text by it (balanced accuracy)",
    "marks_control": "Marked by another head's",
}
GROUPS = ("all", "trusted")


class Rater(NamedTuple):
    """One rater, by number: what their ratings are worth, by measure."""

    number: str
    figures: Mapping[str, Row]


class Rated(NamedTuple):
    """Figures of all raters and of those that can be trusted, and of each.

    `beside` are the rank correlations with automatic scores, by the label of the score.
    """

    figures: Mapping[str, Mapping[str, Row]]  # by group and measure
    beside: Sequence[tuple[str, Mapping[str, Row]]]
    raters: Sequence[Rater]

    @property
    def trusted(self) -> int:
        return sum(rater.figures["trusted"]["value"] == 1 for rater in self.raters)


def rated(rows: Sequence[Row]) -> Rated | None:
    """What there is to show, or None where nobody rated."""
    if not rows:
        return None
    plain = [row for row in rows if row["metric"] is None]
    by_rater = {row["raters"]: _of(plain, row["raters"]) for row in plain}
    groups = {group: by_rater.pop(group) for group in GROUPS}
    return Rated(groups, list(_beside(rows)), [Rater(*item) for item in by_rater.items()])


def _of(rows: Sequence[Row], raters: str) -> dict[str, Row]:
    return {row["measure"]: row for row in rows if row["raters"] == raters}


def _beside(rows: Sequence[Row]) -> list[tuple[str, Mapping[str, Row]]]:
    labels = {}
    for measure in MEASURES:
        labels[measure.name] = measure.label
        if measure.margin:
            labels[measure.margin] = f"{measure.label}, margin over the control"
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["metric"] is not None:
            found.setdefault(row["metric"], {})[row["raters"]] = row
    return [(labels.get(name, name), of_groups) for name, of_groups in found.items()]

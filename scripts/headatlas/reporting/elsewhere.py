"""How explanations do on other corpora than their own, as pages and tables show it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from headatlas.intervals import Estimate, undefined
from headatlas.measure import Measure
from headatlas.measures import attention_explained, iou
from headatlas.records.transfers import ACTIVE_QUERIES, HOLDS, TRANSFERS
from headatlas.storage import read_table

VERDICTS: Mapping[float | None, str] = {1.0: "holds", 0.0: "does not hold", None: "not known"}
MEASURED: tuple[Measure, ...] = (attention_explained.MEASURE, iou.MEASURE)
NAMES = ("model", "corpus", "explainer", "other")
Place = tuple[int, int]  # layer and head


class Elsewhere(NamedTuple):
    """An explanation on the test windows of one other corpus: scores by name, and the verdict."""

    other: str
    scores: Mapping[str, Estimate]

    def score(self, name: str) -> Estimate:
        """One of the scores; without a value where there is none."""
        return self.scores.get(name, undefined(0, "not measured"))

    @property
    def verdict(self) -> str:
        """One of VERDICTS."""
        return VERDICTS[self.score(HOLDS).value]

    @property
    def reason(self) -> str | None:
        """Why it is not known."""
        return self.score(HOLDS).reason

    @property
    def active_queries(self) -> int:
        """Queries at which what it names is there."""
        return int(self.score(ACTIVE_QUERIES).value or 0)


Key = tuple[str, str, str, str]  # as NAMES
# By model, corpus, explainer and other corpus; of each head.
Transfers = Mapping[Key, Mapping[Place, Elsewhere]]


def read_transfers(paths: Sequence[Path]) -> Transfers:
    """Read the scores that explanations got on another corpus than their own."""
    scores: dict[Key, dict[Place, dict[str, Estimate]]] = {}
    for path in paths:
        for row in read_table(path, TRANSFERS).to_pylist():
            model, corpus, explainer, other = (row[name] for name in NAMES)
            of_head = scores.setdefault((model, corpus, explainer, other), {})
            found = Estimate(*(row[name] for name in ("value", "low", "high", "n", "reason")))
            of_head.setdefault((row["layer"], row["head"]), {})[row["metric"]] = found
    return {
        key: {at: Elsewhere(key[-1], found) for at, found in heads.items()}
        for key, heads in scores.items()
    }


def of_head(transfers: Transfers, place: Place) -> list[Elsewhere]:
    """One head of one run on every other corpus, in the order of their names."""
    return [heads[place] for _, heads in sorted(transfers.items()) if place in heads]


def elsewhere_row(found: Elsewhere) -> dict[str, Any]:
    """Its columns in a table: the verdict, and the scores shown beside the position model's."""
    row: dict[str, Any] = {
        "verdict": found.verdict,
        "reason": found.reason,
        "active_queries": found.active_queries,
    }
    for measure in MEASURED:
        for name in (measure.name, measure.margin_of("position_")):
            score = found.score(name)
            row |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
        control = measure.control_of("position_")
        row[control] = found.score(control).value
    return row

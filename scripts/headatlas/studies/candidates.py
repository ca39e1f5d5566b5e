"""The candidates that language models proposed in the variants of a study."""

from collections.abc import Iterator, Mapping, Sequence

from ..items import QUESTIONS, read_items
from ..records.windows import WINDOWS
from ..storage import read_table
from .arms import Arm, Found
from .best_of_k import curves_of, rows_of
from .tables import Row, Sampling


def best_of_k(arms: Sequence[Arm], found: Mapping[str, Found], sampling: Sampling) -> Iterator[Row]:
    """Rows of `records.studies.BEST_OF_K` of the variants with two candidates or more."""
    for arm in arms:
        if arm.items is None or arm.windows is None:
            continue
        documents = _documents(arm)
        curves = []
        for (layer, head), explanation in found[arm.label].explanations.items():
            candidates = [c for c in explanation.candidates if c.round == 0]
            drawn = read_items(arm.items / f"layer{layer:02d}.parquet", head)["validation"]
            items = [item for item in drawn if item.question in QUESTIONS]  # that choose
            # A score without answers is of a time when they were not kept.
            kept = all(c.answers for c in candidates if c.score is not None)
            if len(candidates) > 1 and kept:
                curves.append(curves_of(candidates, items, documents))
        most = max((len(c[0]) for c in curves if c), default=0)
        known = [curve for curve in curves if curve and len(curve[0]) == most]
        if known:
            for row in rows_of(known, *sampling):
                yield {**arm.names, **row}


def _documents(arm: Arm) -> dict[int, str]:
    table = read_table(arm.windows, WINDOWS, ["window", "document"]) if arm.windows else None
    return {row["window"]: row["document"] for row in table.to_pylist()} if table else {}

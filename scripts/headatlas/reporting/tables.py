"""Heads and records to rows: the tables of an atlas, without any file or page."""

from collections.abc import Iterable, Mapping, Sequence

from headatlas.measure import Measure
from headatlas.measures import MEASURES
from headatlas.records.scores import HeadScores
from headatlas.visible import csv_cell, visible

from .heads import MAIN_SPLITS, Head

Row = dict[str, str | int | float | None]


def score_rows(records: Iterable[HeadScores]) -> list[dict[str, object]]:
    """Rows of `scores.parquet`, by layer, head and the order of the scores in their file.

    Why there is no score is told there in words alone.
    """
    return [
        _about(record) | score.model_dump(exclude={"constant"})
        for record in _ordered(records)
        for score in record.scores
    ]


def verdict_rows(records: Iterable[HeadScores]) -> list[dict[str, object]]:
    """Rows of `verdicts.parquet`, by layer and head."""
    return [_about(record) | record.verdict.model_dump() for record in _ordered(records)]


def _ordered(records: Iterable[HeadScores]) -> list[HeadScores]:
    return sorted(records, key=lambda record: (record.layer, record.head))


def _about(record: HeadScores) -> dict[str, object]:
    """The columns that name the run and the head."""
    columns = ("model", "corpus", "explainer", "round", "layer", "head")
    return {name: getattr(record, name) for name in columns}


def main_scores(heads: Sequence[Head]) -> list[Measure]:
    """The measures that any head has a value of; all that there are if none does.

    A judge in words predicts no attention, so a run of it has no correlations.
    """
    reported = [
        (metric, score.value)
        for head in heads
        for (split, metric), score in head.scores.items()
        if split in MAIN_SPLITS
    ]
    known = {metric for metric, value in reported if value is not None}
    shown = known or {metric for metric, _ in reported}
    return [measure for measure in MEASURES if measure.name in shown]


def summary_row(
    head: Head, told: Mapping[str, str], scores: Sequence[Measure], metrics: Sequence[str]
) -> Row:
    """The head's row of `summary.csv`; cells without a value are empty.

    `told` are sentences by their column.
    """
    explanation = head.explanation
    row: Row = {
        "layer": head.layer,
        "head": head.head,
        "name": head.name,
        "status": head.status,
        "reason": text_cell(head.reason),
        "family": text_cell(head.family),
        "cluster": head.cluster,
        "cluster_label": text_cell(head.cluster_label),
        "twins": " ".join(head.twins) or None,
        "title": text_cell(explanation.title),
        "summary": text_cell(explanation.summary),
        **{column: text_cell(sentence) for column, sentence in told.items()},
    }
    for measure in scores:
        for key in measure.names:
            score = head.main(key)
            row[key] = score.value if score else None
            row[f"{key}_low"] = score.low if score else None
            row[f"{key}_high"] = score.high if score else None
    for key in metrics:
        metric = head.metrics.get(key)
        row[key] = metric.value if metric else None
    return row


def text_cell(text: str | None) -> str | None:
    """A text for a spreadsheet: visible characters only, never a formula."""
    return csv_cell(visible(text)) if text else None

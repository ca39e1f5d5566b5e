"""What the benchmark of planted models found, as tables."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from headatlas.storage import write_text

RECOVERED = 0.9  # least agreement with the truth


@dataclass(frozen=True)
class Graded:
    """What an explainer made of one head; stated and true coverage of all attention."""

    seed: int
    noise: str
    layer: int
    head: int
    role: str
    status: str
    sources: str
    named: bool
    agreement: float | None
    stated: float | None
    true: float | None

    @property
    def recovered(self) -> bool:
        return self.named and self.agreement is not None and self.agreement >= RECOVERED


@dataclass(frozen=True)
class Told:
    """How often a score put a head's true explanation above wrong ones."""

    noise: str
    role: str
    selective: bool
    scorer: str
    true_first: float


Row = TypeVar("Row", Graded, Told)


def report(heads: Sequence[Graded], scores: Sequence[Told]) -> str:
    """All tables, in Markdown."""
    noises = list(dict.fromkeys(head.noise for head in heads))
    parts = [
        _summary(heads, noises),
        _by_role(heads, noises),
        _by_scorer(scores, noises),
        _missed(heads),
    ]
    return "\n\n".join(parts) + "\n"


def write_tables(folder: Path, heads: Sequence[Graded], scores: Sequence[Told]) -> None:
    """A row per head and a row per score, as CSV, and the report."""
    _write_csv(folder / "heads.csv", [asdict(h) | {"recovered": h.recovered} for h in heads])
    _write_csv(folder / "scorers.csv", [asdict(score) for score in scores])
    write_text(folder / "report.md", report(heads, scores))


def _write_csv(path: Path, rows: Sequence[dict[str, object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _summary(heads: Sequence[Graded], noises: Sequence[str]) -> str:
    planted = [h for h in heads if h.role != "noise"]
    random = [h for h in heads if h.role == "noise"]
    return _table(
        ["", *noises],
        [
            ["planted heads recovered", *_over(planted, noises, lambda h: h.recovered)],
            ["sources named", *_over(planted, noises, lambda h: h.named)],
            ["mean agreement", *_over(planted, noises, lambda h: h.agreement or 0)],
            [
                "error of stated coverage",
                *_over(
                    [h for h in planted if h.recovered],
                    noises,
                    lambda h: abs((h.stated or 0) - (h.true or 0)),
                ),
            ],
            [
                "noise heads given a role",
                *_over(random, noises, lambda h: h.status == "explained"),
            ],
        ],
    )


def _by_role(heads: Sequence[Graded], noises: Sequence[str]) -> str:
    roles = dict.fromkeys(sorted(head.role for head in heads if head.role != "noise"))
    rows = []
    for role in roles:
        own = [head for head in heads if head.role == role]
        rows.append(
            [
                role,
                *_over(own, noises, lambda h: h.recovered),
                *_over(own, noises, lambda h: h.agreement or 0),
                *_over(own, noises, lambda h: h.stated or 0),
                *_over(own, noises, lambda h: h.true or 0),
            ]
        )
    measures = ("recovered", "agreement", "stated coverage", "true coverage")
    return _table(["role", *(f"{m}, {noise}" for m in measures for noise in noises)], rows)


def _by_scorer(scores: Sequence[Told], noises: Sequence[str]) -> str:
    rows = []
    for scorer in dict.fromkeys(score.scorer for score in scores):
        own = [score for score in scores if score.scorer == scorer]
        selective = [score for score in own if score.selective]
        rows.append(
            [
                scorer,
                *_over(own, noises, lambda s: s.true_first),
                *_over(selective, noises, lambda s: s.true_first),
            ]
        )
    names = [f"{noise}: {which}" for which in ("all heads", "selective heads") for noise in noises]
    return _table(["AUROC of true against wrong explanations", *names], rows)


def _missed(heads: Sequence[Graded]) -> str:
    rows = [
        [h.role, h.noise, str(h.seed), h.status, h.sources, _number(h.agreement)]
        for h in heads
        if (h.status == "explained" if h.role == "noise" else not h.recovered)
    ]
    names = ["not recovered, or found in noise", "noise", "seed", "status", "found", "agreement"]
    return _table(names, rows)


def _over(rows: Sequence[Row], noises: Sequence[str], value: Callable[[Row], float]) -> list[str]:
    """Mean value at each noise strength."""
    found = [[value(row) for row in rows if row.noise == noise] for noise in noises]
    return [_number(float(np.mean(values)) if values else None) for values in found]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

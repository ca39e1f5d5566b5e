"""What the benchmark of planted models found, as tables."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TypeVar, get_type_hints

import numpy as np
import polars as pl
from planted_rows import Findings, Graded, Scored, Told, Worded

from headatlas.intervals import resampled
from headatlas.storage import atomic_path, write_text
from headatlas.subjects.planted.grading import exact_width

RESAMPLES = 10_000
NOTE = """\
In brackets are 95 % intervals: seeds are resampled, each with all its heads, within a noise
strength. Where none or all of n heads have a property, the bootstrap has no interval; then it is
the exact one of Clopper and Pearson for n independent heads.

The AUROC of a score is over the planted heads whose true explanation has it. The second half of
that table says which share of the heads these are, and the table after it which others there are
and why: of them the score says nothing. A wrong explanation without a score counts as below."""


Row = TypeVar("Row", Graded, Scored, Told, Worded)
_COLUMNS = {
    int: pl.Int64,
    str: pl.String,
    bool: pl.Boolean,
    bool | None: pl.Boolean,
    float | None: pl.Float64,
}


def report(findings: Findings) -> str:
    """All tables, in Markdown."""
    heads, scores, scorers, words = findings
    noises = list(dict.fromkeys(head.noise for head in heads))
    parts = [
        NOTE,
        _summary(heads, scores, noises),
        *([in_words(words, noises)] if words else []),
        _by_role(heads, noises),
        _by_scorer(scorers, noises),
        _undefined(scorers),
        _missed(heads),
    ]
    return "\n\n".join(parts) + "\n"


def write_tables(folder: Path, findings: Findings) -> None:
    """A row per head, score, scorer and truth that a language model was asked about, as CSV."""
    heads, scores, scorers, words = findings
    _write_csv(folder / "heads.csv", [asdict(h) | {"recovered": h.recovered} for h in heads])
    _write_csv(folder / "scorers.csv", [asdict(scorer) for scorer in scorers])
    for name, rows in (("scores.csv", scores), ("words.csv", words)):
        if rows:
            _write_csv(folder / name, [asdict(row) for row in rows])
        else:  # of another explainer
            (folder / name).unlink(missing_ok=True)


def write_report(folder: Path) -> str:
    """The report on the tables in a folder, which is written there too."""
    text = report(
        Findings(
            _read(folder / "heads.csv", Graded),
            _read(folder / "scores.csv", Scored),
            _read(folder / "scorers.csv", Told),
            _read(folder / "words.csv", Worded),
        )
    )
    write_text(folder / "report.md", text)
    return text


def _write_csv(path: Path, rows: Sequence[dict[str, object]]) -> None:
    with atomic_path(path) as temporary:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(temporary)


def _read(path: Path, kind: type[Row]) -> list[Row]:
    if not path.exists():  # there were no such rows
        return []
    hints = get_type_hints(kind)
    columns = {field.name: _COLUMNS[hints[field.name]] for field in fields(kind)}
    table = pl.read_csv(path, schema_overrides=columns, empty_string_is_null=False)
    return [kind(**row) for row in table.select(list(columns)).to_dicts()]


def _summary(heads: Sequence[Graded], scores: Sequence[Scored], noises: Sequence[str]) -> str:
    planted = [h for h in heads if h.role != "noise"]
    random = [h for h in heads if h.role == "noise"]
    told = [h for h in planted if h.gradable]
    found = [h for h in told if h.recovered]
    rows: dict[str, list[str]] = {
        "planted heads recovered": _shares(told, noises, lambda h: h.recovered),
        "sources named": _shares(planted, noises, lambda h: h.named),
        "mean agreement": _means(told, noises, lambda h: h.agreement or 0),
        "error of stated coverage": _means(
            found, noises, lambda h: abs((h.stated or 0) - (h.true or 0))
        ),
        "noise heads given a role": _shares(random, noises, lambda h: h.status == "explained"),
    }
    if any(h.verdict for h in heads):  # those that the workflow has scored
        rows["planted heads that count as explained"] = _shares(planted, noises, _counts)
        rows["noise heads that count as explained"] = _shares(random, noises, _counts)
    known = [s for s in scores if s.role != "noise" and s.value is not None]
    for name in dict.fromkeys(score.metric for score in known):
        own = [score for score in known if score.metric == name]
        rows[f"mean {name}"] = _means(own, noises, lambda s: s.value or 0)
    return _table(["", *noises], [[name, *cells] for name, cells in rows.items()])


def _counts(head: Graded) -> bool:
    return head.verdict == "explained"


def in_words(words: Sequence[Worded], noises: Sequence[str]) -> str:
    """What a language model finds in the explanations, and how much of it in wrong truths."""
    own, others = ([row for row in words if row.own == side] for side in (True, False))
    wrong_tokens = [row for row in others if not row.true_tokens]
    wrong_trigger = [row for row in others if not row.true_trigger]
    rows = {
        "recovered": _shares(own, noises, lambda w: w.same),
        "the same tokens": _shares(own, noises, lambda w: bool(w.same_tokens)),
        "the same trigger": _shares(own, noises, lambda w: bool(w.same_trigger)),
        "recovered, of wrong truths": _shares(others, noises, lambda w: w.same),
        "the same tokens, of wrong ones": _shares(
            wrong_tokens, noises, lambda w: bool(w.same_tokens)
        ),
        "the same trigger, of wrong ones": _shares(
            wrong_trigger, noises, lambda w: bool(w.same_trigger)
        ),
        "neither yes nor no, on either point": _shares(
            words, noises, lambda w: None in (w.same_tokens, w.same_trigger)
        ),
    }
    header = ["a language model finds in explanations", *noises]
    return _table(header, [[name, *cells] for name, cells in rows.items()])


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
        told = [score for score in own if score.true_first is not None]
        rows.append(
            [
                scorer,
                *_means(told, noises, lambda s: s.true_first or 0),
                *_over(own, noises, lambda s: s.true_first is not None),
            ]
        )
    names = [*noises, *(f"share of heads, {noise}" for noise in noises)]
    return _table(["AUROC of true against wrong explanations", *names], rows)


def _undefined(scores: Sequence[Told]) -> str:
    """The heads for which a score says nothing, by role."""
    roles: dict[tuple[str, str], list[str]] = {}
    for score in scores:
        if score.undefined:
            roles.setdefault((score.scorer, score.undefined), []).append(score.role)
    rows = [
        [scorer, why, ", ".join(f"{role} {own.count(role)}" for role in sorted(set(own)))]
        for (scorer, why), own in roles.items()
    ]
    return _table(["score", "has no value where", "true explanations, by role"], rows)


def _missed(heads: Sequence[Graded]) -> str:
    rows = [
        [h.role, h.noise, str(h.seed), h.status, h.sources, _number(h.agreement)]
        for h in heads
        if (h.status == "explained" if h.role == "noise" else h.gradable and not h.recovered)
    ]
    names = ["not recovered, or found in noise", "noise", "seed", "status", "found", "agreement"]
    return _table(names, rows)


def _over(rows: Sequence[Row], noises: Sequence[str], value: Callable[[Row], float]) -> list[str]:
    """Mean value at each noise strength."""
    found = [[value(row) for row in rows if row.noise == noise] for noise in noises]
    return [_number(float(np.mean(values)) if values else None) for values in found]


def _means(rows: Sequence[Row], noises: Sequence[str], value: Callable[[Row], float]) -> list[str]:
    """The same with its interval."""
    return [_mean([(r.seed, value(r)) for r in rows if r.noise == noise]) for noise in noises]


def _shares(rows: Sequence[Row], noises: Sequence[str], has: Callable[[Row], bool]) -> list[str]:
    """Share of the rows that have a property, likewise, and the counts."""
    cells = []
    for noise in noises:
        found = [(row.seed, float(has(row))) for row in rows if row.noise == noise]
        count, n = int(sum(value for _, value in found)), len(found)
        if count == 0 < n:
            share = f"0.00 [0.00, {exact_width(n):.2f}]"
        elif count == n > 0:
            share = f"1.00 [{1 - exact_width(n):.2f}, 1.00]"
        else:
            share = _mean(found)
        cells.append(f"{share}, {count} of {n}" if n else "")
    return cells


def _mean(values: Iterable[tuple[int, float]]) -> str:
    """Mean of values of heads and its 95 % interval, from resamples of their seeds."""
    by_seed: dict[int, list[float]] = {}
    for seed, value in values:
        by_seed.setdefault(seed, []).append(value)
    sums = np.array([[sum(own), len(own)] for own in by_seed.values()], float).reshape(-1, 2)
    mean = resampled(
        sums, lambda drawn: drawn[..., 0].sum(axis=1) / drawn[..., 1].sum(axis=1), RESAMPLES, 0
    )
    if mean.low is None or mean.high is None:
        return _number(mean.value)
    return f"{_number(mean.value)} [{mean.low:.2f}, {mean.high:.2f}]"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

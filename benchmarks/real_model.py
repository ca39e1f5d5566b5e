"""What a run of the workflow says of a real model: every figure of the page, from its results.

`make atlas MODEL=smollm2`, and then
`python benchmarks/real_model.py results/smollm2/python-docs/symbolic`.
"""

import argparse
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from headatlas.errors import InputError, reported
from headatlas.measure import CONTROLS
from headatlas.measures import MEASURES
from headatlas.records.atlas import PublishedExplanation
from headatlas.records.explanation import Explanation
from headatlas.records.known_roles import KnownRoles
from headatlas.records.scores import HeadScores
from headatlas.records.substitution import SUBSTITUTION
from headatlas.storage import read_record, read_records, read_table

SHOWN = ("attention_explained", "attention_explained_off_first", "iou", "iou_off_first")
BESIDE = ("position_", "first_", "even_", "")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def measured(summary: pl.DataFrame) -> str:
    """Means over heads of what is explained, beside what knows nothing of the tokens."""
    known = {measure.name: measure for measure in MEASURES}
    rows = []
    for measure in (known[name] for name in SHOWN):
        columns = [measure.name, *(measure.control_of(kind) for kind in BESIDE)]
        rows.append([measure.label, *(_mean(summary, column) for column in columns)])
    return table(["mean over heads", "explanation", *(CONTROLS[k] for k in BESIDE)], rows)


def _mean(summary: pl.DataFrame, column: str) -> str:
    values = summary[column].drop_nulls().to_list() if column in summary.columns else []
    return f"{statistics.mean(values):.3f}" if values else "–"


def levels(summary: pl.DataFrame) -> str:
    """How many heads are explained how far, and how many of them by position alone."""
    measure, least = "attention_explained", (0.5, 0.7, 0.9)
    known = {m.name: m for m in MEASURES}[measure]
    rows = []
    for label, column in (
        ("explanation", measure),
        ("position model", known.control_of("position_")),
    ):
        values = summary[column].drop_nulls()
        rows.append([label, *(int((values >= level).sum()) for level in least)])
    header = [f"heads by {known.label}", *(f"at least {level}" for level in least)]
    return table(header, rows)


def of_twin(run: Path) -> str:
    """The verdicts on the heads of the same architecture with random weights."""
    model, corpus, explainer = run.parts[-3:]
    scores = run.parents[2] / f"{model}+random" / corpus / explainer / "round0" / "scores"
    counts = Counter(
        read_record(path, HeadScores).verdict.status for path in sorted(scores.glob("*.json"))
    )
    return "Of heads with random weights: " + (
        ", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "none were run"
    )


def told(explanations: Sequence[Explanation]) -> str:
    """How long explanations are, and how many heads are told by distance alone."""
    programs = [e for e in explanations if e.program is not None]
    terms = statistics.mean(len(e.program.terms) for e in programs if e.program)
    shown = statistics.mean(len(e.behaviours) for e in programs)
    by_distance = sum(all(b.odds is None for b in e.behaviours) for e in programs)
    return (
        f"{len(explanations)} heads, {len(programs)} with a program: {terms:.1f} terms, "
        f"{shown:.1f} behaviours told; {by_distance} by distance and the first token alone."
    )


def substituted(path: Path) -> str:
    """What the model loses with explanations in the place of attention, by share of the heads."""
    frame = pl.from_arrow(read_table(path, SUBSTITUTION))
    assert isinstance(frame, pl.DataFrame)
    shares = frame.filter(pl.col("scope") == "share")
    variants = shares["variant"].unique(maintain_order=True).to_list()
    rows = []
    for share in shares["which"].unique(maintain_order=True).to_list():
        own = shares.filter(pl.col("which") == share)
        cells = [own.filter(pl.col("variant") == v).row(0, named=True) for v in variants]
        rows.append([f"{share} %", *(f"{c['loss']:.2f} (× {c['ratio']:.2f})" for c in cells)])
    (model,) = frame.filter(pl.col("scope") == "model")["loss"].to_list()
    caption = f"Loss in nats a token (perplexity ratio); the model itself {model:.2f}:"
    return f"{caption}\n\n{table(['heads', *variants], rows)}"


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="folder of the run: results/MODEL/CORPUS/EXPLAINER")
    parser.add_argument("--clustering", default="minilm", help="name of the atlas")
    args = parser.parse_args()

    atlas, last = args.run / "atlas" / args.clustering, args.run / "round0"
    if not (atlas / "summary.csv").is_file():
        raise InputError(f"{atlas}: no atlas; run the workflow first")
    summary = pl.read_csv(atlas / "summary.csv", infer_schema_length=None)
    counts = ", ".join(f"{n} {status}" for status, n in summary["status"].value_counts().rows())
    parts = [
        measured(summary),
        told(read_records(atlas / "explanations.jsonl", PublishedExplanation)),
        levels(summary),
        f"Verdicts: {counts}.",
        f"{of_twin(args.run)}.",
    ]
    if (last / "substitution.parquet").is_file():
        parts.append(substituted(last / "substitution.parquet"))
    tests = read_record(last / "known_roles.json", KnownRoles).tests
    rows = [
        [t.metric, t.family, f"{len(t.high) - len(t.missed)} of {len(t.high)}", " ".join(t.missed)]
        for t in tests
    ]
    header = ["standard test", "family", "heads that score high and are named so", "not named"]
    parts.append(table(header, rows))
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()

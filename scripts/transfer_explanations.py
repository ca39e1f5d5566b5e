"""Score the explanations of one corpus on the test windows of another."""

import argparse
from functools import partial
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.event_rows import random_windows
from headatlas.explainers.symbolic.elsewhere import active_queries, beside, position_model
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.windows import read_features, read_seen
from headatlas.holding import MARGIN, held
from headatlas.intervals import Estimate, generator, undefined
from headatlas.measures import TRANSFERRED
from headatlas.predictions import baselines
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.transfers import ACTIVE_QUERIES, HOLDS, TRANSFERS
from headatlas.scoring.on_windows import score_windows
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_head, read_record, write_rows

SCORES = [
    name
    for m in TRANSFERRED
    for name in m.names
    if name == m.name or name in (m.control_of("position_"), m.margin_of("position_"))
]


def transferred(
    explanation: Explanation, events: Path, features: Path, resamples: int, seed: int
) -> dict[str, Estimate]:
    """The scores of an explanation on its layer's `events` of another corpus, and the verdict.

    It stands beside the position model that is fitted to the head on train text of that corpus.
    """
    table, numbers = read_features(features, "test")
    predicted = predictions_of(explanation, {"test": (table, numbers)})
    if explanation.program is None or not predicted.windows:
        return without_scores(f"{explanation.status}: {predicted.reason}")
    seen, _ = read_seen(events, features, explanation.head, "train")
    predicted = beside(predicted, position_model(seen), table)
    windows = random_windows(read_head(events, EVENTS, explanation.head), "test")
    rng = generator(seed, explanation.layer, explanation.head, "windows")
    scores = score_windows(TRANSFERRED, windows, predicted, baselines(predicted), resamples, rng)
    active = active_queries(explanation.program, table)
    asked = int((table.grid.query > 0).sum())
    terms = len(explanation.program.terms)
    return {
        **{name: scores[name] for name in SCORES},
        HOLDS: held(scores[MARGIN], active, asked=asked, terms=terms),
        ACTIVE_QUERIES: Estimate(float(active.sum()), None, None, int(active.sum())),
    }


def without_scores(reason: str) -> dict[str, Estimate]:
    """The same, where there is a reason against them."""
    return dict.fromkeys((*SCORES, HOLDS, ACTIVE_QUERIES), undefined(0, reason))


def rows_of(
    explanation: Explanation, other: str, estimates: dict[str, Estimate]
) -> list[dict[str, object]]:
    """Rows of `records.TRANSFERS` for one head."""
    names = ("model", "corpus", "explainer", "layer", "head")
    about = {name: getattr(explanation, name) for name in names}
    return [
        {**about, "other": other, "metric": metric, **estimate._asdict()}
        for metric, estimate in estimates.items()
    ]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", required=True, help="name of the corpus to score on")
    parser.add_argument(
        "--events",
        type=Path,
        nargs="+",
        required=True,
        help="its events, one file for each layer, named layerNN.parquet",
    )
    parser.add_argument("--features", type=Path, required=True, help="those of its windows")
    parser.add_argument("--heads", nargs="+", required=True, help="heads to score, as LxxHyy")
    parser.add_argument("--explanations", type=Path, required=True, help="their folder")
    add_settings(parser, Scoring, "bootstrap")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="scores (Parquet)")
    return parser.parse_args()


@reported
def main() -> None:
    arguments = parse_arguments()
    events = {path.stem: path for path in arguments.events}
    rows = []
    for head in sorted(arguments.heads):
        explanation = read_record(arguments.explanations / f"{head}.json", Explanation)
        layer = events[f"layer{explanation.layer:02d}"]
        work = partial(
            transferred,
            explanation,
            layer,
            arguments.features,
            arguments.bootstrap,
            arguments.seed,
        )
        rows += rows_of(explanation, arguments.other, or_failed(work, without_scores))
    write_rows(arguments.out, rows, TRANSFERS)


if __name__ == "__main__":
    main()

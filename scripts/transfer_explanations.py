"""Score the explanations of one corpus on the test windows of another."""

import argparse
from functools import partial
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.event_rows import random_windows
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.windows import read_features
from headatlas.intervals import Estimate, generator, undefined
from headatlas.measures import TRANSFERRED
from headatlas.predictions import baselines
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.transfers import TRANSFERS
from headatlas.scoring.on_windows import score_windows
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_head, read_record, write_rows


def transferred(
    explanation: Explanation, events: Path, features: Path, resamples: int, seed: int
) -> dict[str, Estimate]:
    """The TRANSFERRED measures of an explanation on its layer's `events` of another corpus."""
    predicted = predictions_of(explanation, {"test": read_features(features, "test")})
    if not predicted.windows:
        return without_scores(f"{explanation.status}: {predicted.reason}")
    windows = random_windows(read_head(events, EVENTS, explanation.head), "test")
    rng = generator(seed, explanation.layer, explanation.head, "windows")
    return score_windows(TRANSFERRED, windows, predicted, baselines(predicted), resamples, rng)


def without_scores(reason: str) -> dict[str, Estimate]:
    """The same scores, where there is a reason against them."""
    return dict.fromkeys((measure.name for measure in TRANSFERRED), undefined(0, reason))


def rows_of(
    explanation: Explanation, other: str, estimates: dict[str, Estimate]
) -> list[dict[str, object]]:
    """Rows of `records.TRANSFERS` for one head."""
    names = ("model", "corpus", "explainer", "layer", "head")
    about = {name: getattr(explanation, name) for name in names}
    return [
        {**about, "other": other, "metric": m.name, **estimates[m.name]._asdict()}
        for m in TRANSFERRED
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

"""Predict a head's activation and attention on held-out text from its explanation alone."""

import argparse
from pathlib import Path

from headatlas.errors import or_failed, reported
from headatlas.explainers.symbolic.predict import predictions_of
from headatlas.explainers.symbolic.windows import read_features
from headatlas.predictions import Predictions, write_predictions
from headatlas.records.base import Split
from headatlas.records.explanation import Explanation
from headatlas.storage import read_record


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="of the sampled windows")
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument("--out", type=Path, required=True, help="predictions to write (Parquet)")
    args = parser.parse_args()

    explanation = read_record(args.explanation, Explanation)
    held_out: tuple[Split, ...] = ("validation", "test")
    features = {split: read_features(args.features, split) for split in held_out}
    at = explanation.layer, explanation.head
    predictions = or_failed(
        lambda: predictions_of(explanation, features), lambda reason: Predictions(at, reason=reason)
    )
    write_predictions(args.out, predictions)


if __name__ == "__main__":
    main()

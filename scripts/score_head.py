"""Score the explanation of one head: prediction of unseen text, controls and test cases."""

import argparse
from pathlib import Path

from headatlas.controls import Head, read_controls
from headatlas.errors import InputError, or_failed, reported
from headatlas.items import read_items
from headatlas.predictions import Predictions, read_predictions
from headatlas.records.base import head_name
from headatlas.records.events import EVENTS
from headatlas.records.explanation import Explanation
from headatlas.records.head import HeadRecord
from headatlas.records.judgement import Judgement
from headatlas.records.probes import PROBES
from headatlas.records.scores import HeadScores
from headatlas.scoring.head_scores import Settings, failed, score_head
from headatlas.settings.arguments import add_settings
from headatlas.settings.scoring import Scoring
from headatlas.settings.seed import Seed
from headatlas.storage import read_head, read_record, write_record


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--round", type=int, required=True, help="round of refinement, from 0")
    parser.add_argument("--layer", type=int, required=True, help="layer of the head, from 0")
    parser.add_argument("--head", type=int, required=True, help="head within the layer, from 0")
    parser.add_argument("--events", type=Path, required=True, help="events of the layer (Parquet)")
    parser.add_argument("--items", type=Path, required=True, help="items of the layer (Parquet)")
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument("--judgement", type=Path, help="a language model's answers (JSON)")
    parser.add_argument("--predictions", type=Path, help="folder of what programs predict")
    parser.add_argument(
        "--controls",
        type=Path,
        help="which heads' predictions are held against this head as controls (Parquet)",
    )
    parser.add_argument(
        "--probes", type=Path, required=True, help="test cases of the layer (Parquet)"
    )
    add_settings(parser, Scoring, "bootstrap")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="scores (JSON)")
    arguments = parser.parse_args()
    if (arguments.judgement is None) == (arguments.predictions is None):
        parser.error("--judgement or --predictions: one of them is needed, and not both")
    if arguments.controls and not arguments.predictions:
        parser.error("--controls: needs --predictions, the folder that theirs are in too")
    return arguments


def expect_same_head(path: Path, record: HeadRecord, layer: int, head: int) -> None:
    """Raise InputError if a file is about another head than the one expected."""
    if (record.layer, record.head) != (layer, head):
        found, wanted = head_name(record.layer, record.head), head_name(layer, head)
        raise InputError(f"{path}: is about {found}, expected is {wanted}")


def control_predictions(table: Path, folder: Path, scored: Head) -> dict[str, list[Predictions]]:
    """Those of a head's controls, by kind (see `measure.CONTROLS`). Raises InputError."""
    found = read_controls(table, scored)
    kinds = {"": found["model"], "layer_": found["layer"]}
    return {
        kind: [read_predictions(folder / f"{head_name(*at)}.parquet", at) for at in heads]
        for kind, heads in kinds.items()
    }


@reported
def main() -> None:
    arguments = parse_arguments()
    explanation = read_record(arguments.explanation, Explanation)
    at = arguments.layer, arguments.head
    expect_same_head(arguments.explanation, explanation, *at)
    knows: Judgement | Predictions
    if arguments.judgement:
        knows = read_record(arguments.judgement, Judgement)
        expect_same_head(arguments.judgement, knows, *at)
    else:
        knows = read_predictions(arguments.predictions / f"{head_name(*at)}.parquet", at)
    controls: dict[str, list[Predictions]] = {}
    if arguments.controls:
        controls = control_predictions(arguments.controls, arguments.predictions, at)
    events = read_head(arguments.events, EVENTS, arguments.head)
    items = read_items(arguments.items, arguments.head)
    probes = read_head(arguments.probes, PROBES, arguments.head)
    scored = or_failed(
        lambda: score_head(
            explanation,
            knows,
            controls,
            events,
            items,
            probes,
            Settings(arguments.bootstrap, arguments.seed),
        ),
        failed,
    )
    record = HeadScores(
        model=arguments.model,
        corpus=arguments.corpus,
        explainer=arguments.explainer,
        round=arguments.round,
        layer=arguments.layer,
        head=arguments.head,
        verdict=scored.verdict,
        scores=scored.scores,
    )
    write_record(arguments.out, record)


if __name__ == "__main__":
    main()

"""Score the explanation of one head: prediction of unseen text, controls and test cases."""

import argparse
from pathlib import Path

from headatlas.errors import InputError, or_failed, reported
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
    parser.add_argument("--explanation", type=Path, required=True, help="explanation (JSON)")
    parser.add_argument("--judgement", type=Path, required=True, help="its judgement (JSON)")
    parser.add_argument(
        "--control-judgements",
        type=Path,
        nargs="*",
        default=[],
        help="judgements of other heads, held against this head as a control (JSON)",
    )
    parser.add_argument(
        "--layer-control-judgements",
        type=Path,
        nargs="*",
        default=[],
        help="judgements of other heads of its layer, likewise (JSON)",
    )
    parser.add_argument(
        "--probes", type=Path, required=True, help="test cases of the layer (Parquet)"
    )
    add_settings(parser, Scoring, "bootstrap", "items")
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="scores (JSON)")
    return parser.parse_args()


def expect_same_head(path: Path, record: HeadRecord, layer: int, head: int) -> None:
    """Raise InputError if a file is about another head than the one asked for."""
    if (record.layer, record.head) != (layer, head):
        found, wanted = head_name(record.layer, record.head), head_name(layer, head)
        raise InputError(f"{path}: is about {found}, but {wanted} is to be scored")


def read_control(path: Path, scored: HeadRecord) -> Judgement:
    """The judgement of another head. Raises InputError if it is of the head that is scored."""
    control = read_record(path, Judgement)
    if (control.layer, control.head) == (scored.layer, scored.head):
        raise InputError(f"{path}: is about the head itself, a control is about another")
    return control


@reported
def main() -> None:
    arguments = parse_arguments()
    explanation = read_record(arguments.explanation, Explanation)
    judgement = read_record(arguments.judgement, Judgement)
    expect_same_head(arguments.explanation, explanation, arguments.layer, arguments.head)
    expect_same_head(arguments.judgement, judgement, arguments.layer, arguments.head)
    controls = {
        "": [read_control(path, explanation) for path in arguments.control_judgements],
        "layer_": [read_control(path, explanation) for path in arguments.layer_control_judgements],
    }
    events = read_head(arguments.events, EVENTS, arguments.head)
    probes = read_head(arguments.probes, PROBES, arguments.head)
    scored = or_failed(
        lambda: score_head(
            explanation,
            judgement,
            controls,
            events,
            probes,
            Settings(arguments.bootstrap, arguments.items, arguments.seed),
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

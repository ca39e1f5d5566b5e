"""Run the test texts of every explanation of a layer through the model."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from headatlas.errors import reported
from headatlas.records.explanation import Explanation
from headatlas.records.model import ModelInfo
from headatlas.records.probes import PROBES
from headatlas.settings.activations import Activations
from headatlas.settings.arguments import add_settings
from headatlas.settings.model import Model
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_run


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run(parser)
    add_settings(parser, Activations, "norm")
    add_settings(parser, Model, "bos")
    parser.add_argument("--layer", type=int, required=True, help="number of the layer")
    parser.add_argument(
        "--explanations", type=Path, nargs="+", required=True, help="explanations of its heads"
    )
    parser.add_argument("--out", type=Path, required=True, help="table of probes to write")
    return parser.parse_args()


def cases(paths: list[Path]) -> list[dict[str, Any]]:
    """Every test text of the explanations, numbered within its head."""
    rows = []
    for explanation in (read_record(path, Explanation) for path in paths):
        sides = ((True, explanation.positive_texts), (False, explanation.negative_texts))
        texts = [(positive, text) for positive, side in sides for text in side]
        rows += [
            {"head": explanation.head, "case": case, "positive": positive, "text": text}
            for case, (positive, text) in enumerate(texts)
        ]
    return rows


def measured(rows: list[dict[str, Any]], args: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of `records.probes.PROBES`; texts of less than one token are left out."""
    # Imported here: a layer whose heads have no test texts needs no model and no torch.
    from headatlas.activations.probing import Probe, measure_probes
    from headatlas.subjects.loading import load_recorded
    from headatlas.tokens.pieces import pieces_of
    from headatlas.tokens.tokenizer import encode, open_tokenizer

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    tokenizer = open_tokenizer(info.source, info.commit)
    first = [tokenizer.bos_token_id] if args.bos == "prepend" else []
    tokens = [[*first, *encode(tokenizer, row["text"])][: bridge.cfg.n_ctx] for row in rows]
    kept = [n for n, text in enumerate(tokens) if len(text) > 1]  # position 0 is not measured
    activations = measure_probes(
        bridge,
        args.layer,
        [Probe(rows[n]["head"], tokens[n]) for n in kept],
        kind=args.norm,
        batch_size=args.batch_size,
    )
    return [
        rows[n]
        | {"layer": args.layer, "pieces": pieces_of(tokenizer, tokens[n]), "activation": activation}
        | {"peak": max(activation[1:]), "mean": float(np.mean(activation[1:]))}
        for n, activation in zip(kept, activations, strict=True)
    ]


@reported
def main() -> None:
    args = parse_arguments()
    rows = cases(args.explanations)
    write_rows(args.out, measured(rows, args) if rows else [], PROBES)


if __name__ == "__main__":
    main()

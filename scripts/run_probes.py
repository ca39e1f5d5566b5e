"""Run the test texts of the explanations of some layers through the model."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from headatlas.errors import reported
from headatlas.names import parse_head
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
    parser.add_argument("--heads", nargs="+", required=True, help="heads, as LxxHyy")
    parser.add_argument(
        "--explanations", type=Path, required=True, help="folder of their explanations"
    )
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the layers' tables")
    return parser.parse_args()


def cases(folder: Path, heads: list[str]) -> list[dict[str, Any]]:
    """Every test text of the explanations, numbered within its head."""
    rows = []
    for name in heads:
        explanation = read_record(folder / f"{name}.json", Explanation)
        sides = ((True, explanation.positive_texts), (False, explanation.negative_texts))
        texts = [(positive, text) for positive, side in sides for text in side]
        rows += [
            {"layer": explanation.layer, "head": explanation.head}
            | {"case": case, "positive": positive, "text": text}
            for case, (positive, text) in enumerate(texts)
        ]
    return rows


def measured(rows: list[dict[str, Any]], args: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of `records.probes.PROBES`; texts of less than one token are left out."""
    # Imported here: layers whose heads have no test texts need no model and no torch.
    from headatlas.activations.probing import Probe, measure_probes
    from headatlas.subjects.loading import load_recorded
    from headatlas.tokens.pieces import pieces_of
    from headatlas.tokens.tokenizer import encode, open_tokenizer

    info = read_record(args.model_info, ModelInfo)
    bridge = load_recorded(info, device=args.device, devices=args.devices)
    tokenizer = open_tokenizer(info.source, info.commit)
    first = [tokenizer.bos_token_id] if args.bos == "prepend" else []
    texts = ((*first, *encode(tokenizer, row["text"])) for row in rows)
    tokens = [text[: bridge.cfg.n_ctx] for text in texts]
    kept = [n for n, text in enumerate(tokens) if len(text) > 1]  # position 0 is not measured
    activations = measure_probes(
        bridge,
        [Probe(rows[n]["layer"], rows[n]["head"], tokens[n]) for n in kept],
        kind=args.norm,
        batch_size=args.batch_size,
    )
    return [
        rows[n]
        | {"pieces": pieces_of(tokenizer, tokens[n]), "activation": activation}
        | {"peak": max(activation[1:]), "mean": float(np.mean(activation[1:]))}
        for n, activation in zip(kept, activations, strict=True)
    ]


@reported
def main() -> None:
    args = parse_arguments()
    layers = sorted({parse_head(name)[0] for name in args.heads})
    rows = cases(args.explanations, args.heads)
    probes = measured(rows, args) if rows else []
    for layer in layers:
        path = args.out_dir / f"layer{layer:02d}.parquet"
        write_rows(path, [row for row in probes if row["layer"] == layer], PROBES)


if __name__ == "__main__":
    main()

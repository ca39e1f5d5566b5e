"""Run the test texts of every explanation of a layer through the model."""

import argparse
from pathlib import Path

import numpy as np

from headatlas.activations.probing import Probe, measure_probes
from headatlas.errors import reported
from headatlas.records import PROBES, Explanation
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_subject
from headatlas.subjects.loading import load_subject
from headatlas.tokens.pieces import pieces_of
from headatlas.tokens.tokenizer import encode, open_tokenizer


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_subject(parser)
    parser.add_argument("--bos", choices=["prepend", "none"], default="prepend", help="first token")
    parser.add_argument("--layer", type=int, required=True, help="number of the layer")
    parser.add_argument(
        "--explanations", type=Path, nargs="+", required=True, help="explanations of its heads"
    )
    parser.add_argument("--out", type=Path, required=True, help="table of probes to write")
    return parser.parse_args()


@reported
def main() -> None:
    args = parse_arguments()
    bridge = load_subject(
        args.source, args.revision, dtype=args.dtype, device=args.device, devices=args.devices
    )
    tokenizer = open_tokenizer(args.source, args.revision)
    first = [tokenizer.bos_token_id] if args.bos == "prepend" else []
    rows = []
    for explanation in (read_record(path, Explanation) for path in args.explanations):
        sides = ((True, explanation.positive_texts), (False, explanation.negative_texts))
        texts = [(positive, text) for positive, side in sides for text in side]
        for case, (positive, text) in enumerate(texts):
            tokens = [*first, *encode(tokenizer, text)][: bridge.cfg.n_ctx]
            if len(tokens) > 1:  # position 0 is never measured
                rows.append(
                    {"layer": args.layer, "head": explanation.head, "case": case, "text": text}
                    | {"positive": positive, "tokens": tokens}
                )
    measured = measure_probes(
        bridge,
        args.layer,
        [Probe(row["head"], row["tokens"]) for row in rows],
        kind=args.salience,
        batch_size=args.batch_size,
    )
    for row, salience in zip(rows, measured, strict=True):
        tokens = row.pop("tokens")
        row["pieces"] = pieces_of(tokenizer, tokens)
        row["salience"] = salience
        row["peak"], row["mean"] = max(salience[1:]), float(np.mean(salience[1:]))
    write_rows(args.out, rows, PROBES)


if __name__ == "__main__":
    main()

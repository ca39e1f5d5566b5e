"""What is claimed of the tokens that heads raise and lower, and whether it holds on test text."""

import argparse
from pathlib import Path

import polars as pl

from headatlas.errors import reported
from headatlas.records.direct import DIRECT, RunClaims
from headatlas.records.model import ModelInfo
from headatlas.settings.arguments import add_settings
from headatlas.settings.seed import Seed
from headatlas.storage import read_facts, read_record, read_table, write_record
from headatlas.tokens.tokenizer import open_tokenizer
from headatlas.tokens.vocabulary import ordinary_tokens
from headatlas.writing.claims import claims_of


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument(
        "--direct", type=Path, nargs="+", required=True, help="folders of measure_direct"
    )
    add_settings(parser, Seed)
    parser.add_argument("--out", type=Path, required=True, help="record to write (JSON)")
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    pieces = ordinary_tokens(open_tokenizer(info.source, info.commit))
    heads, reasons = [], {}
    for path in sorted(path for folder in args.direct for path in folder.glob("layer*.parquet")):
        frame = pl.from_arrow(read_table(path, DIRECT))
        assert isinstance(frame, pl.DataFrame)
        if "reason" in (facts := read_facts(path)):
            reasons[int(path.stem.removeprefix("layer"))] = str(facts["reason"])
        heads += [
            claims_of(layer, head, rows, pieces, args.seed)
            for (layer, head), rows in frame.group_by("layer", "head", maintain_order=True)
        ]
    write_record(
        args.out, RunClaims(model=info.model, corpus=args.corpus, reasons=reasons, heads=heads)
    )


if __name__ == "__main__":
    main()

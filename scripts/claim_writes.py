"""What is claimed of the tokens that heads raise and lower, and whether it holds on test text.

Beside it, what a language model may be shown of them: train text alone.
"""

import argparse
from pathlib import Path
from typing import Any

import polars as pl

from headatlas.errors import reported
from headatlas.records.direct import DIRECT
from headatlas.records.model import ModelInfo
from headatlas.records.write_claims import RunClaims
from headatlas.records.write_evidence import WRITE_EVIDENCE
from headatlas.storage import read_facts, read_record, read_table, write_record, write_rows
from headatlas.tokens.tokenizer import open_tokenizer
from headatlas.tokens.vocabulary import ordinary_tokens
from headatlas.writing.claims import claims_of
from headatlas.writing.evidence import evidence_rows


@reported
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument(
        "--direct", type=Path, nargs="+", required=True, help="folders of measure_direct"
    )
    parser.add_argument("--out", type=Path, required=True, help="record to write (JSON)")
    parser.add_argument(
        "--evidence", type=Path, required=True, help="table of the evidence to write (Parquet)"
    )
    args = parser.parse_args()

    info = read_record(args.model_info, ModelInfo)
    pieces = ordinary_tokens(open_tokenizer(info.source, info.commit))
    heads, reasons = [], {}
    shown: list[dict[str, Any]] = []
    for path in sorted(path for folder in args.direct for path in folder.glob("layer*.parquet")):
        frame = pl.from_arrow(read_table(path, DIRECT))
        assert isinstance(frame, pl.DataFrame)
        if "reason" in (facts := read_facts(path)):
            reasons[int(path.stem.removeprefix("layer"))] = str(facts["reason"])
        for (layer, head), rows in frame.group_by("layer", "head", maintain_order=True):
            heads.append(claims_of(layer, head, rows, pieces))
            shown += evidence_rows(rows, pieces)
    write_rows(args.evidence, shown, WRITE_EVIDENCE)
    write_record(
        args.out, RunClaims(model=info.model, corpus=args.corpus, reasons=reasons, heads=heads)
    )


if __name__ == "__main__":
    main()

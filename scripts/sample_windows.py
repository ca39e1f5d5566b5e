"""Cut a corpus into token windows, split them by document and sample them.

The facts of the sample (documents and windows seen, too short, dropped) are stored
as metadata of the table.
"""

import argparse
import sys
from pathlib import Path

from headatlas.corpora.document import LeftOut
from headatlas.corpora.open import KINDS, documents_of, facts_of
from headatlas.corpora.windows import WindowSettings, sample_windows
from headatlas.errors import reported
from headatlas.hub import commit_of
from headatlas.records.model import ModelInfo
from headatlas.records.windows import WINDOWS
from headatlas.storage import read_record, write_rows
from headatlas.subjects.arguments import add_model_info
from headatlas.tokens.tokenizer import open_tokenizer


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add_model_info(parser)  # its tokenizer is used
    add("--bos", choices=["prepend", "none"], required=True, help="BOS first in a window, or not")
    add("--kind", choices=KINDS, required=True, help="kind of corpus")
    add("--files", nargs="+", default=[], help="text: files or patterns such as 'data/**/*.txt'")
    add("--field", default="text", help="text, huggingface: field of a row that holds its text")
    add("--dataset", help="huggingface: dataset on the hub, or folder")
    add("--name", help="huggingface: configuration of the dataset")
    add("--dataset-revision", help="huggingface: revision of the dataset")
    add("--part", default="train", help="huggingface: part (split) of the dataset to read")
    add("--folder", type=Path, help="stackexchange: folder of the exported sites")
    add("--documents", type=int, help="documents read at most (all by default)")
    add("--windows", type=int, required=True, help="windows in all splits together, at most")
    add("--window-tokens", type=int, required=True, help="tokens of a window, BOS included")
    add("--sampled", type=int, required=True, help="windows per split whose attention is kept")
    add("--train", type=float, required=True, help="share of the train split")
    add("--validation", type=float, required=True, help="share of the validation split")
    add("--test", type=float, required=True, help="share of the test split")
    add("--windows-per-document", type=int, required=True, help="windows of a document, at most")
    add("--seed", type=int, default=0, help="seed of the splits and of every choice")
    add("--out", type=Path, required=True, help="table of windows to write")
    return parser.parse_args()


@reported
def main() -> None:
    args = parse_arguments()
    settings = WindowSettings(
        window_tokens=args.window_tokens,
        windows=args.windows,
        windows_per_document=args.windows_per_document,
        sampled=args.sampled,
        fractions={"train": args.train, "validation": args.validation, "test": args.test},
        prepend_bos=args.bos == "prepend",
        seed=args.seed,
        documents=args.documents,
    )
    commit = commit_of(args.dataset, args.dataset_revision, "dataset") if args.dataset else None
    left_out = LeftOut()
    documents = documents_of(
        args.kind,
        files=args.files,
        field=args.field,
        dataset=args.dataset,
        name=args.name,
        commit=commit,
        part=args.part,
        folder=args.folder,
        left_out=left_out,
    )
    info = read_record(args.model_info, ModelInfo)
    tokenizer = open_tokenizer(info.source, info.commit)
    rows, facts = sample_windows(documents, tokenizer, settings)
    facts = facts_of(args.kind, commit) | left_out.facts() | facts
    write_rows(args.out, rows, WINDOWS, facts)
    print(", ".join(f"{name} {value}" for name, value in facts.items()), file=sys.stderr)


if __name__ == "__main__":
    main()

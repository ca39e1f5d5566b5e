"""Cut a corpus into token windows, split them by document and sample them.

The facts of the sample (documents and windows seen, too short, dropped) are stored
as metadata of the table.
"""

import argparse
import sys
from pathlib import Path

from headatlas.corpora.document import LeftOut
from headatlas.corpora.open import documents_of, facts_of
from headatlas.corpora.state import files_state
from headatlas.corpora.windows import WindowSettings, sample_windows
from headatlas.errors import InputError, reported
from headatlas.hub import commit_of
from headatlas.records.model import ModelInfo
from headatlas.records.windows import WINDOWS
from headatlas.settings.arguments import add_kinds, add_settings, entry_of
from headatlas.settings.corpus import KINDS, HuggingFace, Split
from headatlas.settings.model import Model
from headatlas.settings.seed import Seed
from headatlas.storage import read_record, write_rows
from headatlas.tokens.tokenizer import open_tokenizer


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model-info", type=Path, required=True, help="its tokenizer is used")
    add_settings(parser, Model, "bos")
    add_kinds(parser, KINDS)
    add_settings(parser, Split)
    add_settings(parser, Seed)
    parser.add_argument(
        "--state", help="digest of the local files, which must be the same at the end"
    )
    parser.add_argument("--out", type=Path, required=True, help="table of windows to write")
    return parser.parse_args()


@reported
def main() -> None:
    args = parse_arguments()
    corpus = entry_of(args, KINDS)
    settings = WindowSettings(
        window_tokens=corpus.window_tokens,
        windows=corpus.windows,
        windows_per_document=corpus.windows_per_document,
        sampled=corpus.sampled,
        fractions={"train": args.train, "validation": args.validation, "test": args.test},
        prepend_bos=args.bos == "prepend",
        seed=args.seed,
        documents=corpus.documents,
    )
    commit = None
    if isinstance(corpus, HuggingFace):
        commit = commit_of(corpus.source, corpus.revision, "dataset")
    left_out = LeftOut()
    documents = documents_of(corpus, commit=commit, left_out=left_out)
    info = read_record(args.model_info, ModelInfo)
    tokenizer = open_tokenizer(info.source, info.commit)
    rows, facts = sample_windows(documents, tokenizer, settings)
    if args.state is not None and files_state(corpus.model_dump()) != args.state:
        raise InputError("the texts of the corpus have changed since the run began; run again")
    facts = facts_of(corpus.kind, commit) | left_out.facts() | facts
    write_rows(args.out, rows, WINDOWS, facts)
    print(", ".join(f"{name} {value}" for name, value in facts.items()), file=sys.stderr)


if __name__ == "__main__":
    main()

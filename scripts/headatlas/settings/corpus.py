"""An entry of `corpora`: text, by where it comes from, and how windows are cut from it."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from .base import Settings, Text


class Split(Settings):
    """Shares of the windows, which sum to 1."""

    train: float = Field(gt=0, lt=1, description="share that an explainer may see")
    validation: float = Field(gt=0, lt=1, description="share on which explanations are chosen")
    test: float = Field(gt=0, lt=1, description="share on which scores are reported")


class Corpus(Settings):
    """What corpora of every kind have."""

    kind: str
    windows: int = Field(
        default=960,
        ge=3,
        le=10_000_000,
        description="windows cut from the documents, all splits together",
    )
    # Positions are stored in 16 bits.
    window_tokens: int = Field(
        default=128,
        ge=6,
        le=2**15 - 1,
        description="length of a window in tokens",
        title="a whole number from 6, below which a head has too few keys to choose from, to 32767",
    )
    sampled: int = Field(
        default=32,
        ge=1,
        le=1_000_000,
        description="windows of each split for which attention is kept",
    )
    documents: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000_000,
        description="read at most this many documents; null for all",
    )
    windows_per_document: int = Field(
        default=16, ge=1, le=1_000_000, description="at most this many windows of one document"
    )
    split: Split = Field(
        default=Split(train=0.5, validation=0.25, test=0.25),
        description="share of the windows in each split; a document is in one of them",
    )


class PythonDocs(Corpus):
    """Needs nothing else; `only` makes several corpora of it."""

    kind: Literal["python-docs"] = Field(
        default="python-docs", description="text of the running Python installation"
    )
    only: Literal["all", "code", "prose", "tables"] = Field(
        default="all",
        description="one kind of it: modules without docstrings, prose of docstrings and topics, "
        "or tables of character encodings; all: modules and topics as they are",
    )


class TextFiles(Corpus):
    """Named by paths or patterns."""

    kind: Literal["text"] = Field(default="text", description="text files")
    files: Annotated[
        str | list[str],
        WithJsonSchema(
            {
                "type": ["string", "array"],
                "minLength": 1,
                "minItems": 1,
                "uniqueItems": True,
                "items": {"type": "string", "minLength": 1},
            }
        ),
    ] = Field(
        description="text files, .gz, .bz2 and .zst too; each line of a .jsonl, .ndjson or .json "
        "file is a document",
        title="a pattern of files such as texts/*.txt, or a list of patterns, each once",
    )
    field: Text = Field(
        default="text",
        description="field that holds the text in a line of a .jsonl file",
    )


class HuggingFace(Corpus):
    """Streamed, at a commit."""

    kind: Literal["huggingface"] = Field(
        default="huggingface", description="a data set of the Hugging Face hub"
    )
    source: Text = Field(description="name of the data set on the hub, or a folder")
    name: Text | None = Field(
        default=None, description="configuration of the data set; null where it has only one"
    )
    revision: Text | None = Field(
        default=None, description="branch, tag or commit on the hub; null for the newest"
    )
    part: Text = Field(default="train", description="which of the data set's own splits to read")
    field: Text = Field(default="text", description="column that holds the text")


class StackExchange(Corpus):
    """As another tool has exported them."""

    kind: Literal["stackexchange"] = Field(
        default="stackexchange", description="exported Stack Exchange sites"
    )
    folder: Text = Field(description="folder of the sites, as .zip, .txt or .jsonl files")


KINDS: tuple[type[Corpus], ...] = (PythonDocs, TextFiles, HuggingFace, StackExchange)
AnyCorpus = Annotated[
    PythonDocs | TextFiles | HuggingFace | StackExchange, Field(discriminator="kind")
]

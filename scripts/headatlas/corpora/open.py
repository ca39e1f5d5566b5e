"""One door to every kind of corpus."""

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import InputError
from .document import Document, LeftOut
from .huggingface import huggingface_documents
from .python_docs import python_documents
from .stackexchange import stackexchange_documents
from .text_files import text_documents

KINDS = ("python-docs", "text", "huggingface", "stackexchange")


def documents_of(
    kind: str,
    *,
    files: Sequence[str] = (),
    field: str = "text",
    dataset: str | None = None,
    name: str | None = None,
    commit: str | None = None,
    part: str = "train",
    folder: Path | None = None,
    left_out: LeftOut | None = None,
) -> Iterator[Document]:
    """Documents of a corpus, one at a time; settings of other kinds are ignored.

    What is left out while they are read is counted in `left_out`.

    Raises InputError if the kind is unknown or the setting it cannot do without is
    missing. `python-docs` gives the documents that the demo model was not trained on.
    """
    match kind:
        case "python-docs":
            return python_documents(held_out=True)
        case "text" if files:
            return text_documents(files, field, left_out)
        case "huggingface" if dataset:
            return huggingface_documents(dataset, name=name, commit=commit, part=part, field=field)
        case "stackexchange" if folder:
            return stackexchange_documents(folder, left_out)
    needs = {"text": "files", "huggingface": "dataset", "stackexchange": "folder"}
    if kind in needs:
        raise InputError(f"a corpus of kind {kind} needs {needs[kind]}")
    raise InputError(f"no corpus of kind {kind}; the kinds are {', '.join(KINDS)}")


def facts_of(kind: str, commit: str | None = None) -> dict[str, object]:
    """What has to be known of a corpus beyond its documents to make it again."""
    python = {"python": platform.python_version()} if kind == "python-docs" else {}
    return {"kind": kind, **python, **({"commit": commit} if commit else {})}

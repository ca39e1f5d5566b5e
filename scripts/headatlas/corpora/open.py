"""One door to every kind of corpus."""

import platform
from collections.abc import Iterator
from pathlib import Path

from ..settings.corpus import Corpus, HuggingFace, PythonDocs, StackExchange, TextFiles
from .document import Document, LeftOut
from .huggingface import huggingface_documents
from .python_docs import python_documents
from .stackexchange import stackexchange_documents
from .text_files import text_documents


def documents_of(
    corpus: Corpus, *, commit: str | None = None, left_out: LeftOut | None = None
) -> Iterator[Document]:
    """Documents of a corpus, one at a time.

    A data set of the hub is read at a `commit`. What is left out while documents are read is
    counted in `left_out`. The running Python gives those that the demo model was not trained on.
    """
    match corpus:
        case TextFiles(files=files, field=field):
            return text_documents([files] if isinstance(files, str) else files, field, left_out)
        case HuggingFace(source=source, name=name, part=part, field=field):
            return huggingface_documents(source, name=name, commit=commit, part=part, field=field)
        case StackExchange(folder=folder):
            return stackexchange_documents(Path(folder), left_out)
        case PythonDocs(only=only):
            return python_documents(held_out=True, only=only)
    raise ValueError(f"no documents of kind {corpus.kind}")


def facts_of(kind: str, commit: str | None = None) -> dict[str, object]:
    """What has to be known of a corpus beyond its documents to make it again."""
    python = {"python": platform.python_version()} if kind == "python-docs" else {}
    return {"kind": kind, **python, **({"commit": commit} if commit else {})}

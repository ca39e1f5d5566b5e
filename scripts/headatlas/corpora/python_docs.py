"""Text of the running Python installation: language reference topics and standard library code.

Nothing is downloaded. The demo model is trained on one part and never sees the
other; the part of a document follows from its name alone, so the two stay
disjoint on every Python version.
"""

import hashlib
import sysconfig
import tokenize
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

from .document import Document

# Tables rather than text, and packages that carry other people's data.
_SKIPPED_FOLDERS = {"test", "tests", "idle_test", "site-packages", "encodings", "__pycache__"}
_SKIPPED_FILES = {"pydoc_data/topics.py"}
_HELD_OUT_PERCENT = 20


def is_held_out(name: str) -> bool:
    """Whether the document `name` is kept from the demo model's training text."""
    return hashlib.sha256(name.encode()).digest()[0] * 100 < _HELD_OUT_PERCENT * 256


def python_documents(*, held_out: bool) -> Iterator[Document]:
    """Documents of one part in order of name: `topic:NAME` and `module:PATH`."""
    for document in _all_documents():
        if is_held_out(document.name) == held_out:
            yield document


def _all_documents() -> Iterator[Document]:
    stdlib = Path(sysconfig.get_path("stdlib"))
    for path in sorted(stdlib.rglob("*.py")):
        relative = path.relative_to(stdlib)
        if _SKIPPED_FOLDERS.intersection(relative.parts) or str(relative) in _SKIPPED_FILES:
            continue
        if relative.name.startswith("_sysconfigdata"):  # paths of the machine it was built on
            continue
        with tokenize.open(path) as source:
            yield Document(f"module:{relative.as_posix()}", source.read())
    for topic in sorted(topics):
        yield Document(f"topic:{topic}", topics[topic])

"""Text of the running Python installation: language reference topics and standard library code.

Nothing is downloaded. The demo model is trained on one part and never sees the
other; the part of a document follows from its name alone, so the two stay
disjoint on every Python version.

One kind of this text can be had alone, and no text is in two of them: `code` is modules without
their docstrings; `prose` the paragraphs of docstrings and topics that are neither indented nor
sessions; `tables` what the modules of character encodings list, which neither the demo model nor
the whole corpus has.
"""

import ast
import hashlib
import io
import re
import sysconfig
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics
from typing import Literal

from .document import Document

Only = Literal["all", "code", "prose", "tables"]
# Tables rather than text, and packages that carry other people's data.
_TABLES, _TABLE_BEGINS = "encodings", "### Decoding"
_SKIPPED_FOLDERS = {"test", "tests", "idle_test", "site-packages", "__pycache__"}
_SKIPPED_FILES = {"pydoc_data/topics.py"}
_HELD_OUT_PERCENT = 20
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def is_held_out(name: str) -> bool:
    """Whether the document `name` is kept from the demo model's training text."""
    return hashlib.sha256(name.encode()).digest()[0] * 100 < _HELD_OUT_PERCENT * 256


def python_documents(*, held_out: bool, only: Only = "all") -> Iterator[Document]:
    """Documents of one part in order of name, `module:PATH` and `topic:NAME`, or one kind of them.

    A document has the same name whatever is kept of it, so that the same documents are test
    text of every kind.
    """
    tables = only == "tables"  # all of them are held out
    for document in _all_documents(tables=tables):
        unseen = tables or is_held_out(document.name)
        if unseen != held_out:
            continue
        text = _kept(document, only)
        if text or only == "all":  # an empty module is a document: draws are among all of them
            yield Document(document.name, text)


def _kept(document: Document, only: Only) -> str:
    name, text = document
    is_module = name.startswith("module:")
    if only == "code":
        return _without_docstrings(text) if is_module else ""
    if only == "tables":
        return "".join(text.partition(_TABLE_BEGINS)[1:])
    if only == "prose":
        return _prose("\n\n".join(_docstrings(text)) if is_module else text)
    return text


def _all_documents(*, tables: bool) -> Iterator[Document]:
    """Modules and topics; or the modules that hold tables, which the others leave out."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    for path in sorted(stdlib.rglob("*.py")):
        relative = path.relative_to(stdlib)
        if _SKIPPED_FOLDERS.intersection(relative.parts) or str(relative) in _SKIPPED_FILES:
            continue
        if relative.name.startswith("_sysconfigdata"):  # paths of the machine it was built on
            continue
        if (_TABLES in relative.parts) != tables:
            continue
        with tokenize.open(path) as source:
            yield Document(f"module:{relative.as_posix()}", source.read())
    if not tables:
        for topic in sorted(topics):
            yield Document(f"topic:{topic}", topics[topic])


def _docstrings(source: str) -> list[str]:
    """The docstrings of a module in their order, without their indentation."""
    return [ast.get_docstring(node) or "" for node in _documented(source)]


def _without_docstrings(source: str) -> str:
    """The lines of a module that no docstring stands on."""
    gone: set[int] = set()
    for node in _documented(source):
        docstring = node.body[0]
        gone.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    lines = io.StringIO(source).readlines()  # which form feeds do not end, as in `ast`
    return "".join(line for number, line in enumerate(lines, 1) if number not in gone)


def _documented(source: str) -> list[Documented]:
    """What has a docstring in a module, in the order in which it stands there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that later versions of Python refuse
        tree = ast.parse(source)
    found = [n for n in ast.walk(tree) if isinstance(n, Documented) and ast.get_docstring(n)]
    return sorted(found, key=lambda node: node.body[0].lineno)


def _prose(text: str) -> str:
    """The paragraphs that begin at the margin and hold no session with the interpreter."""
    paragraphs = (part.strip("\n") for part in _PARAGRAPHS.split(text))
    kept = [part for part in paragraphs if part and not part[0].isspace() and ">>>" not in part]
    return "".join(f"{part}\n\n" for part in kept)

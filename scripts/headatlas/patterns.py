"""Which files a pattern of the configuration means; wherever one is read, it is read here."""

import os
import re
from collections import deque
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from .errors import InputError

RESULTS = Path("results")
_SIGNS = re.compile(r"[*?[]")


class Matches(NamedTuple):
    """What a pattern matches."""

    files: list[Path]
    "regular files and links to them, in order of name"
    skipped: int
    "what else it matches: folders, unless its last part is *, dangling links, pipes, devices"


def matches_of(pattern: str, root: Path | None = None) -> Matches:
    """What a path or a pattern such as `texts/**/*.txt` names.

    A path that exists is itself, whatever signs it holds. Otherwise signs mean what they mean
    to a shell: a name that begins with a point is matched only by one that does, and linked
    folders are looked into, but below `**` no folder twice, so that links may form a loop.
    Relative patterns start in `root`, the current folder by default. No pattern matches what
    is in the current folder's results: what the workflow makes is never what it reads.

    Raises ValueError if it is no pattern, InputError if a folder cannot be listed.
    """
    top, results = (root or Path()).absolute(), RESULTS.resolve()
    path = top / pattern
    if path.is_file():
        return Matches([] if path.resolve().is_relative_to(results) else [path], 0)
    parts = Path(pattern).parts
    if path == Path(pattern):
        top, parts = Path(path.anchor), parts[1:]
    if any("**" in part and part != "**" for part in parts):
        raise ValueError("** can only be a whole part of a path")
    if parts and parts[-1] == "**":
        parts = (*parts, "*")
    found = sorted(set(_matching(top, parts, results))) if parts else []
    files = [entry for entry in found if entry.is_file()]
    folders = sum(entry.is_dir() for entry in found) if parts[-1:] == ("*",) else 0
    return Matches(files, len(found) - len(files) - folders)


def _matching(folder: Path, parts: tuple[str, ...], results: Path) -> Iterator[Path]:
    first, rest = parts[0], parts[1:]
    if first == "**":
        for below in _folders(folder, results):
            yield from _matching(below, rest, results)
        return
    if _SIGNS.search(first):
        found = [f for f in _entries(folder, first[0] == ".") if fnmatchcase(f.name, first)]
    else:
        found = [folder / first] if os.path.lexists(folder / first) else []
    for entry in found:
        if not rest:
            yield entry
        elif entry.is_dir() and entry.resolve() != results:
            yield from _matching(entry, rest, results)


def _folders(top: Path, results: Path) -> Iterator[Path]:
    """A folder and all below it, each once, however many links lead to it; linked ones last."""
    seen = {results}
    own, linked = deque([top]), deque[Path]()
    while own or linked:
        folder = (own or linked).popleft()
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        yield folder
        for entry in _entries(folder):
            if entry.is_dir():
                (linked if entry.is_symlink() else own).append(entry)


def _entries(folder: Path, hidden: bool = False) -> list[Path]:
    """What is in a folder, by name."""
    try:
        return sorted(entry for entry in folder.iterdir() if hidden or entry.name[0] != ".")
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror})") from None

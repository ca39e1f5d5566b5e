"""Digests by which a rule notices that code or files outside its inputs have changed."""

import ast
import hashlib
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from .errors import InputError
from .storage import write_text

PACKAGE = "headatlas"
MEMORY = Path(".snakemake/contents")  # of a workplace: digests of large files


def code_digest(script: Path) -> str:
    """SHA-256 (16 digits) over a script and every library module that it imports, at any depth.

    Imports are read from the source, so a digest needs none of the libraries. They
    may stand anywhere in a file, inside a function too. A package that looks at its own
    `__path__`, to import what is there, has every module in its folder.
    """
    return _digest(code_files(script), script.resolve().parent)


def code_files(script: Path) -> set[Path]:
    """The script and the library modules that it imports, at any depth."""
    root = script.resolve().parent
    files, waiting = set(), [script.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            waiting += _imported(file, root)
    return files


def folder_digest(folder: Path) -> str:
    """The same over all files below a folder."""
    return _digest({file for file in folder.rglob("*") if file.is_file()}, folder)


def contents_digest(files: Sequence[Path], root: Path, memory: Path) -> str:
    """The same over files below `root` that may be large, whatever their times are.

    The folder `memory` keeps what was found, so that files are read again only where
    one of them has another size or time of change. Raises InputError if one cannot be read.
    """
    try:
        return _remembered(files, root, memory)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from None


def _remembered(files: Sequence[Path], root: Path, memory: Path) -> str:
    states = [(file.absolute(), file.stat()) for file in sorted(files)]
    listing = "".join(f"{file} {state.st_size} {state.st_mtime_ns}\n" for file, state in states)
    known = memory / hashlib.sha256(listing.encode(errors="surrogateescape")).hexdigest()[:16]
    if not known.is_file():
        size = sum(state.st_size for _, state in states) / 1e9
        if size > 1:
            print(f"Reading {size:.0f} GB in {root}, once, to know them again", file=sys.stderr)
        write_text(known, _large_digest(files, root))
    return known.read_text()


def _large_digest(files: Sequence[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        name = file.relative_to(root).as_posix().encode(errors="surrogateescape")
        with file.open("rb") as stream:
            digest.update(name + b"\0" + hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _digest(files: set[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _imported(file: Path, root: Path) -> tuple[Path, ...]:
    package = file.relative_to(root).parent.parts
    source = file.read_bytes()
    tree = ast.parse(source)
    looks = b"__path__" in source and any(
        isinstance(node, ast.Name) and node.id == "__path__" for node in ast.walk(tree)
    )
    found = set(file.parent.glob("*.py") if looks else ())
    for node in _statements(tree):
        for name in _module_names(node, package):
            found.update(_files_of(name, root))
    return tuple(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, at any depth; expressions, of which most trees are, are not."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, field, ())
        for statement in below if isinstance(below, list) else ():  # those of a lambda are none
            yield statement
            yield from _statements(statement)


def _module_names(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute names that an import statement may refer to, those outside included."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def _files_of(name: str, root: Path) -> tuple[Path, ...]:
    """The file of a module and the `__init__` of every package above it, where they exist."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return ()
    paths = [root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    files = [file for path in paths for file in (path / "__init__.py", path.with_suffix(".py"))]
    return tuple(file for file in files if file.is_file())

"""Digests by which a rule notices that code or files outside its inputs have changed."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "headatlas"


def code_digest(script: Path) -> str:
    """SHA-256 (16 digits) over a script and every library module that it imports, at any depth.

    Imports are read from the source, so a digest needs none of the libraries. They
    may stand anywhere in a file, inside a function too.
    """
    root = script.resolve().parent
    files, waiting = set(), [script.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            waiting += _imported(file, root)
    return _digest(files, root)


def folder_digest(folder: Path) -> str:
    """The same over all files below a folder."""
    return _digest({file for file in folder.rglob("*") if file.is_file()}, folder)


def _digest(files: set[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _imported(file: Path, root: Path) -> tuple[Path, ...]:
    package = file.relative_to(root).parent.parts
    found: list[Path] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        for name in _module_names(node, package):
            found += _files_of(name.split("."), root)
    return tuple(found)


def _module_names(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute names that an import statement may refer to, those outside included."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _files_of(parts: list[str], root: Path) -> Iterator[Path]:
    """The module's file and the `__init__` of every package above it, where they exist."""
    if parts[0] != PACKAGE:
        return
    for depth in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:depth])
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file

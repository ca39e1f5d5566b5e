"""Folders that are replaced in one step, and in which nothing of ours is out of date."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from .folders import atomic_folder


@contextmanager
def replaced_folder(path: Path, own: Collection[str]) -> Iterator[Path]:
    """As `atomic_folder`, but files of these names are kept only if they are written anew.

    They are what we write where there is something to say: an old one would be taken for new.
    """
    with atomic_folder(path) as folder:
        yield folder
        stale = [name for name in own if not (folder / name).exists()]
    for name in stale:
        (path / name).unlink(missing_ok=True)

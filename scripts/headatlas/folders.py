"""Folders that are replaced in one step: the old one stays until the new one is complete."""

import ctypes
import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
_UNABLE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


@contextmanager
def atomic_folder(path: Path, own: Collection[str] = ()) -> Iterator[Path]:
    """An empty folder beside `path`, which takes its place if the block ends without an error.

    What others have put into the old folder, under names that the new one does not have, is
    copied into it, but for the names in `own`: those we write where there is something to say, and
    an old one would be taken for new. What a killed process left beside it is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
        shutil.rmtree(leftover)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            _keep_others(path, temporary, own)
            _exchange(temporary, path)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _keep_others(old: Path, new: Path, own: Collection[str]) -> None:
    for entry in old.iterdir():
        copy = new / entry.name
        if copy.exists() or entry.name in own:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, copy, symlinks=True)
        else:
            shutil.copy2(entry, copy, follow_symlinks=False)


def _exchange(first: Path, second: Path) -> None:
    """Let two folders change places: in one step where the system can, else in three."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        if not renameat2(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE):
            return
        number = ctypes.get_errno()
        if number not in _UNABLE:
            raise OSError(number, os.strerror(number), str(second))
    aside = first.with_name(f"{first.name}.old")
    second.rename(aside)
    try:
        first.rename(second)
    except OSError:
        aside.rename(second)
        raise
    aside.rename(first)

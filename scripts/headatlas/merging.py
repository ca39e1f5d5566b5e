"""Merging the results of two workplaces, so that Snakemake finds everything in its place.

A workplace is a folder in which the workflow has run: it has `results/`, and in
`.snakemake/metadata/` a record for each result of what it was made with. The two may be
of different machines. Logs and benchmarks stay where they are, and so do the
comparison, the studies' tables and the learned simulator, which have to be made anew of
all that has come together.
"""

import binascii
import filecmp
import os
import shutil
import stat
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from .errors import InputError
from .patterns import RESULTS
from .records.atlas import RunRecord
from .storage import StorageError, read_record

METADATA = Path(".snakemake/metadata")
_UNFINISHED, _LOCKS = Path(".snakemake/incomplete"), Path(".snakemake/locks")
_OF_A_WORKPLACE = ("logs", "benchmarks", "comparison", "simulator", "studies")
_TIME_STAMP, _COPY = ".snakemake_timestamp", ".merging-"


class Merged(NamedTuple):
    """How many results were copied, and how many were there already."""

    copied: int
    there: int


def merge(source: Path, target: Path) -> Merged:
    """Copy the results that `target` lacks from `source`, with their times and metadata.

    Of a file that both have, the time becomes the earlier of the two, for results of both
    are newer than it. Links are copied as links. Hidden files are no results, whoever left
    them. Everything is compared before anything is copied, and everything is copied before
    anything is put in its place, so that all is merged or nothing is. Raises InputError if both
    have a result of the same name with other contents, if a job of either is unfinished, if
    `source` holds a link that leads out of its results or to nothing, or something that is
    neither file nor folder, or if `target` cannot be written.
    """
    with _or_nothing():
        for workplace in (source, target):
            _check_at_rest(workplace)
        files = _results(source)
        there = [file for file in files if os.path.lexists(target / file)]
        for file in there:
            if not _equal(source / file, target / file):
                raise InputError(
                    f"{file}: not the same in {source} and {target}, so nothing was merged; "
                    f"allowed: results that {target} lacks, or has just so"
                )
        lacking = sorted(set(files) - set(there))
        _copy(source, target, [*_records(source, target, files), *lacking])
        for file in there:
            _make_as_old(target / file, source / file)
    return Merged(len(lacking), len(there))


@contextmanager
def _or_nothing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        raise InputError(f"{about}{error.strerror}, so nothing was merged") from None


def _check_at_rest(workplace: Path) -> None:
    if not (workplace / RESULTS).is_dir():
        raise InputError(f"{workplace}: no results here; allowed: a folder that has {RESULTS}/")
    if any((workplace / _LOCKS).glob("*.lock")):
        raise InputError(f"{workplace}: locked by a run or a killed one; unlock it first")
    for mark in _files(workplace / _UNFINISHED):
        output = _output_of(mark)
        if output and os.path.lexists(workplace / output):
            raise InputError(f"{workplace}: {output} is unfinished; finish the run or delete it")


def _files(top: Path) -> list[Path]:
    """Every file below a folder, and every link, by its path in it; no link is followed."""
    found: list[Path] = []
    if not top.is_dir():
        return found
    for folder, folders, names in os.walk(top, onerror=_raise):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if name[0] != "."]
        seen = [name for name in [*names, *links] if name[0] != "." or name == _TIME_STAMP]
        found += [Path(folder, name).relative_to(top) for name in seen]
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def _results(workplace: Path) -> list[Path]:
    """The results by their paths in the workplace, Snakemake's time stamps among them."""
    top = (workplace / RESULTS).resolve()
    files = [file for file in _files(top) if file.parts[0] not in _OF_A_WORKPLACE]
    for file in files:
        if problem := _unfit(top / file, top):
            allowed = "files, folders, and links within the results"
            raise InputError(
                f"{workplace / RESULTS / file}: {problem}, so nothing was merged; "
                f"allowed: {allowed}"
            )
    return [RESULTS / file for file in files]


def _unfit(path: Path, top: Path) -> str | None:
    """Why something cannot be merged, or None if it can."""
    if not path.is_symlink():
        return None if stat.S_ISREG(path.lstat().st_mode) else "neither a file nor a folder"
    if not path.exists():
        return "a link that leads to nothing"
    inside = path.resolve().is_relative_to(top) and not path.readlink().is_absolute()
    return None if inside else f"a link that leads out of the results, to {path.readlink()}"


def _equal(mine: Path, other: Path) -> bool:
    """Whether two files are the same, up to where a run was made."""
    if mine.is_symlink() or other.is_symlink():
        links = mine.is_symlink() and other.is_symlink()
        return links and mine.readlink() == other.readlink()
    if not other.is_file():
        return False
    if filecmp.cmp(mine, other, shallow=False):
        return True
    try:
        records = [read_record(path, RunRecord) for path in (mine, other)]
    except StorageError:
        return False
    first, second = (record.model_dump(exclude={"circumstances"}) for record in records)
    return first == second


def _records(source: Path, target: Path, results: Sequence[Path]) -> list[Path]:
    """Snakemake's records of results of the source for which the target has none."""
    known = {str(path) for file in results for path in (file, *file.parents)}
    records = [METADATA / record for record in _files(source / METADATA)]
    return [
        record
        for record in records
        if _output_of(record.relative_to(METADATA)) in known and not (target / record).exists()
    ]


def _output_of(record: Path) -> str | None:
    """The output that Snakemake keeps a record of: its path in base64, cut into folders."""
    try:
        name = "".join(part.removeprefix("@") for part in record.parts)
        return urlsafe_b64decode(name).decode()
    except (binascii.Error, ValueError):  # a file that is none of Snakemake's
        return None


def _copy(source: Path, target: Path, files: Sequence[Path]) -> None:
    """Copy files, in this order, each to its place once there is a copy of all beside it."""
    for top in (RESULTS, METADATA):
        for leftover in (target / top).rglob(f"{_COPY}*"):
            leftover.unlink()
    with ExitStack() as undone:
        copies = []
        for number, file in enumerate(files):
            place = target / file
            missing = [folder for folder in place.parents if not folder.exists()]
            for folder in reversed(missing):
                folder.mkdir()
                undone.callback(folder.rmdir)
            copies.append((place.with_name(f"{_COPY}{number}"), place))
            undone.callback(copies[-1][0].unlink, missing_ok=True)
            shutil.copy2(source / file, copies[-1][0], follow_symlinks=False)
        for copy, place in copies:
            undone.callback(place.unlink, missing_ok=True)
            copy.rename(place)
        undone.pop_all()


def _make_as_old(mine: Path, other: Path) -> None:
    oldest = min(mine.lstat().st_mtime_ns, other.lstat().st_mtime_ns)
    if oldest < mine.lstat().st_mtime_ns:
        os.utime(mine, ns=(oldest, oldest), follow_symlinks=False)

"""Merging the results of two workplaces, so that Snakemake finds everything in its place.

A workplace is a folder in which the workflow has run: it has `results/`, and in
`.snakemake/metadata/` a record for each result of what it was made with. The two may be
of different machines. Logs and benchmarks stay where they are, and so does the
comparison, which has to be made anew of all that has come together.
"""

import filecmp
import os
import shutil
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import NamedTuple

from .errors import InputError
from .records.atlas import RunRecord
from .storage import StorageError, atomic_path, read_record

RESULTS, METADATA = Path("results"), Path(".snakemake/metadata")
_UNFINISHED, _LOCKS = Path(".snakemake/incomplete"), Path(".snakemake/locks")
_OF_A_WORKPLACE = ("logs", "benchmarks", "comparison")


class Merged(NamedTuple):
    """How many results were copied, and how many were there already."""

    copied: int
    there: int


def merge(source: Path, target: Path) -> Merged:
    """Copy the results that `target` lacks from `source`, with their times and metadata.

    Of a file that both have, the time becomes the earlier of the two, for results of both
    are newer than it. Nothing is copied before everything is compared. Raises InputError
    if both have a result of the same name with other contents, or if a job of either is
    unfinished.
    """
    for workplace in (source, target):
        _check_at_rest(workplace)
    files = _results(source)
    there = [file for file in files if (target / file).exists()]
    for file in there:
        if not _equal(source / file, target / file):
            raise InputError(
                f"{file}: not the same in {source} and {target}, so nothing was merged; "
                f"allowed: results that {target} lacks, or has just so"
            )
    lacking = sorted(set(files) - set(there))
    for file in lacking:
        with atomic_path(target / file) as temporary:
            shutil.copy2(source / file, temporary)
    for file in there:
        _make_as_old(target / file, source / file)
    _copy_metadata(source, target)
    return Merged(len(lacking), len(there))


def _check_at_rest(workplace: Path) -> None:
    if not (workplace / RESULTS).is_dir():
        raise InputError(f"{workplace}: no results here; allowed: a folder that has {RESULTS}/")
    if any((workplace / _LOCKS).glob("*.lock")):
        raise InputError(f"{workplace}: locked by a run or a killed one; unlock it first")
    for mark in _files(workplace / _UNFINISHED):
        output = _output_of(mark)
        if (workplace / output).exists():
            raise InputError(f"{workplace}: {output} is unfinished; finish the run or delete it")


def _files(top: Path) -> list[Path]:
    """Every file below a folder by its path in it; linked folders are looked into."""
    found = [
        Path(folder, name).relative_to(top)
        for folder, _, names in os.walk(top, followlinks=True)
        for name in names
    ]
    return sorted(found)


def _results(workplace: Path) -> list[Path]:
    """The results by their paths in the workplace, Snakemake's time stamps among them."""
    files = _files(workplace / RESULTS)
    return [RESULTS / file for file in files if file.parts[0] not in _OF_A_WORKPLACE]


def _equal(mine: Path, other: Path) -> bool:
    """Whether two files are the same, up to where a run was made."""
    if filecmp.cmp(mine, other, shallow=False):
        return True
    try:
        records = [read_record(path, RunRecord) for path in (mine, other)]
    except StorageError:
        return False
    first, second = (record.model_dump(exclude={"circumstances"}) for record in records)
    return first == second


def _make_as_old(mine: Path, other: Path) -> None:
    oldest = min(mine.stat().st_mtime_ns, other.stat().st_mtime_ns)
    if oldest < mine.stat().st_mtime_ns:
        os.utime(mine, ns=(oldest, oldest))


def _copy_metadata(source: Path, target: Path) -> None:
    """Copy Snakemake's records of results that are there and have none."""
    for record in _files(source / METADATA):
        copy = target / METADATA / record
        if not copy.exists() and (target / _output_of(record)).exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / METADATA / record, copy)


def _output_of(record: Path) -> str:
    """The output that Snakemake keeps a record of: its path in base64, cut into folders."""
    return urlsafe_b64decode("".join(part.removeprefix("@") for part in record.parts)).decode()

"""What is copied from one workplace to another, and what is refused."""

import errno
import os
import re
import shlex
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from unittest import mock

import pytest
from places import ROOT, SCRIPTS
from reporting_factory import RECIPE

from headatlas import merging
from headatlas.errors import InputError
from headatlas.merging import Merged, merge
from headatlas.records.atlas import Circumstances, RunRecord
from headatlas.storage import write_record, write_text

SCRIPT = SCRIPTS / "tools/merge_results.py"
LONG = f"results/{'m' * 120}/{'c' * 120}/windows.parquet"


def record_of(workplace: Path, output: str, kind: str = "metadata") -> Path:
    """Where Snakemake keeps what it knows of an output."""
    name = urlsafe_b64encode(output.encode()).decode()
    *folders, last = [name[i : i + 254] for i in range(0, len(name), 254)]
    return Path(workplace, ".snakemake", kind, *(f"@{part}" for part in folders), last)


def write(workplace: Path, output: str, text: str, time: int, record: str | None = "{}") -> None:
    write_text(workplace / output, text)
    os.utime(workplace / output, (time, time))
    if record:
        write_text(record_of(workplace, output), record)


def state(workplace: Path) -> dict[str, tuple[str, float]]:
    """Contents and time of every file by name."""
    return {
        str(file.relative_to(workplace)): (file.read_text(), file.stat().st_mtime)
        for file in workplace.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    write(folder, "results/m/model.json", "model", 500, "mine")
    write(folder, "results/m/a/windows.parquet", "a", 600)
    write(folder, "results/comparison/table.csv", "of here", 700)
    return folder


@pytest.fixture
def there(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    write(folder, "results/m/model.json", "model", 100, "theirs")
    write(folder, "results/m/b/windows.parquet", "b", 200, "b")
    write(folder, "results/m/b/activations/shard0/.snakemake_timestamp", "", 300, None)
    write_text(record_of(folder, "results/m/b/activations/shard0"), "shard")
    write(folder, LONG, "long", 200, "long")
    write(folder, "results/m/gone.json", "", 200, "gone")
    (folder / "results/m/gone.json").unlink()
    for name in ("comparison", "logs", "benchmarks", "simulator", "studies"):
        write(folder, f"results/{name}/table.csv", "of there", 400)
    return folder


def test_what_is_lacking_is_copied_with_its_time_and_record(here: Path, there: Path) -> None:
    before = state(there)
    assert merge(there, here) == Merged(copied=3, there=1)
    assert state(there) == before
    after = state(here)
    for name in ("results/m/b/windows.parquet", LONG):
        assert after[name] == before[name]
        record = str(record_of(Path(), name))
        assert after[record] == before[record]
    assert after["results/m/b/activations/shard0/.snakemake_timestamp"] == ("", 300)
    assert record_of(here, "results/m/b/activations/shard0").read_text() == "shard"
    assert not record_of(here, "results/m/gone.json").exists()
    assert after["results/comparison/table.csv"] == ("of here", 700)
    elsewhere = ("logs", "benchmarks", "simulator", "studies")
    assert not any((here / "results" / name).exists() for name in elsewhere)
    # Older than what either workplace made of it, though it was made later here.
    assert after["results/m/model.json"] == ("model", 100)
    assert record_of(here, "results/m/model.json").read_text() == "mine"
    assert merge(there, here) == Merged(copied=0, there=4)
    assert state(here) == after


def test_other_contents_are_refused_before_anything_is_copied(here: Path, there: Path) -> None:
    write(here, "results/m/b/windows.parquet", "other", 200)
    before = state(here)
    done = subprocess.run(
        [sys.executable, SCRIPT, there, here], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: results/m/b/windows.parquet: not the same in \S+/there and \S+/here, "
        r"so nothing was merged; allowed: .*\n",
        done.stderr,
    )
    assert state(here) == before


def test_where_a_run_was_made_is_no_difference(here: Path, there: Path) -> None:
    def write_run(workplace: Path, *, python: str, weights: str) -> None:
        made = Circumstances(python=python, platform="", packages={}, git_commit=None)
        names = dict.fromkeys(("headatlas", "model", "corpus", "explainer", "clustering"), "x")
        digests = {"weights_sha256": weights, "tokenizer_sha256": "t", "windows": {}}
        record = RunRecord(**names, **digests, round=0, recipe=RECIPE, circumstances=made)
        write_record(workplace / "results/m/a/run.json", record)

    write_run(here, python="3.11", weights="w")
    write_run(there, python="3.12", weights="w")
    merge(there, here)
    assert '"3.11"' in (here / "results/m/a/run.json").read_text()
    write_run(there, python="3.11", weights="v")
    with pytest.raises(InputError, match=r"results/m/a/run\.json: not the same"):
        merge(there, here)


def test_an_unfinished_or_running_workplace_is_refused(here: Path, there: Path) -> None:
    mark = record_of(there, "results/m/b/windows.parquet", "incomplete")
    write_text(mark, "{}")
    with pytest.raises(InputError, match=r"there: results/m/b/windows\.parquet is unfinished"):
        merge(there, here)
    (there / "results/m/b/windows.parquet").unlink()  # what is not there is not unfinished
    merge(there, here)
    write_text(here / ".snakemake/locks/0.output.lock", "results/m/x")
    with pytest.raises(InputError, match="here: locked by a run"):
        merge(there, here)
    with pytest.raises(InputError, match="nowhere: no results here"):
        merge(there.parent / "nowhere", here)


def test_results_may_be_on_another_disk(here: Path, there: Path, tmp_path: Path) -> None:
    shutil.move(there / "results", tmp_path / "disk")
    (there / "results").symlink_to(tmp_path / "disk")
    assert merge(there, here).copied == 3


def test_links_within_the_results_stay_links(here: Path, there: Path) -> None:
    (there / "results/m/pages").mkdir()
    (there / "results/m/pages/windows").symlink_to("../b/windows.parquet")
    (there / "results/m/loop").symlink_to("..")
    assert merge(there, here).copied == 5
    assert (here / "results/m/pages/windows").read_text() == "b"
    for name in ("results/m/pages/windows", "results/m/loop"):
        assert (here / name).readlink() == (there / name).readlink()
    after = state(here)
    assert merge(there, here) == Merged(copied=0, there=6)
    assert state(here) == after


@pytest.mark.parametrize("kind", ["out", "folder", "absolute", "dangling", "self", "pipe"])
def test_what_is_no_result_is_refused_by_name(here: Path, there: Path, kind: str) -> None:
    odd = there / "results/m/odd.txt"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        inside = str(there / "results/m/model.json")
        targets = {"out": "/etc/passwd", "folder": "/etc", "absolute": inside}
        odd.symlink_to(targets.get(kind, "odd.txt" if kind == "self" else "nothing"))
    before = state(here)
    problem = {
        "out": "a link that leads out of the results, to /etc/passwd",
        "folder": "a link that leads out of the results, to /etc",
        "absolute": "a link that leads out of the results, to ",
        "pipe": "neither a file nor a folder",
    }.get(kind, "a link that leads to nothing")
    with pytest.raises(InputError, match=rf"there/results/m/odd\.txt: {problem}.*, so nothing was"):
        merge(there, here)
    assert state(here) == before


def test_hidden_files_are_no_results(here: Path, there: Path) -> None:
    write_text(there / ".snakemake/metadata/.DS_Store", "\0")
    write_text(there / ".snakemake/metadata/.nfs000123", "\0")
    write_text(there / ".snakemake/metadata/notes", "no record")
    write_text(there / "results/m/b/.windows.parquet.x1y2z3w4", "half")
    write_text(there / "results/m/b/.minilm.x1y2z3w4/index.html", "half")
    write_text(here / "results/m/.merging-7", "half")
    assert merge(there, here) == Merged(copied=3, there=1)
    hidden = [name for name in state(here) if "/." in name and "timestamp" not in name]
    assert hidden == []


def test_a_full_disk_leaves_all_as_it_was(here: Path, there: Path) -> None:
    before = state(here)
    copies = iter(range(100))

    def copy(source: Path, place: Path, **options: bool) -> None:
        if next(copies) == 4:
            raise OSError(errno.ENOSPC, "No space left on device", str(place))
        shutil.copyfile(source, place)

    with (
        mock.patch.object(merging.shutil, "copy2", copy),
        pytest.raises(InputError, match="No space left on device, so nothing was merged"),
    ):
        merge(there, here)
    assert state(here) == before
    assert sorted(path.name for path in (here / "results/m").iterdir()) == ["a", "model.json"]
    assert merge(there, here).copied == 3


def test_a_place_that_cannot_be_taken_leaves_all_as_it_was(here: Path, there: Path) -> None:
    (here / "results/m/b").write_text("a file where a folder is to be")
    before = state(here)
    with pytest.raises(InputError, match="so nothing was merged"):
        merge(there, here)
    assert state(here) == before


def test_make_merges_from_a_path_with_a_space() -> None:
    said = subprocess.run(
        ["make", "--dry-run", "--directory", ROOT, "merge", "FROM=../over there"],
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in said.stdout.splitlines() if "merge_results" in line)
    assert shlex.split(line)[-2:] == ["../over there", "."]

"""A folder is the old one or the new one, whole, whatever happens in between."""

import errno
import multiprocessing
import os
import shutil
import signal
import threading
from pathlib import Path
from unittest import mock

import pytest

from headatlas import folders
from headatlas.folders import atomic_folder


def write(folder: Path, text: str) -> None:
    (folder / "heads").mkdir()
    for name in ("index.html", "heads/L00H00.html", f"heads/{text}.html"):
        (folder / name).write_text(text)


def state(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def state_of(text: str) -> dict[str, str]:
    return dict.fromkeys(sorted(("index.html", "heads/L00H00.html", f"heads/{text}.html")), text)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    with atomic_folder(tmp_path / "atlas/mini[1]") as folder:
        write(folder, "old")
    return tmp_path / "atlas/mini[1]"


def test_a_new_folder_takes_the_place_of_the_old(atlas: Path) -> None:
    assert state(atlas) == state_of("old")
    with atomic_folder(atlas) as folder:
        write(folder, "new")
        assert state(atlas) == state_of("old")
    assert state(atlas) == state_of("new")
    assert list(atlas.parent.iterdir()) == [atlas]
    assert atlas.stat().st_mode & 0o777 == 0o755


def test_an_error_leaves_the_old_folder_and_nothing_else(atlas: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_folder(atlas) as folder:
        write(folder, "half")
        raise ZeroDivisionError
    assert state(atlas) == state_of("old")
    assert list(atlas.parent.iterdir()) == [atlas]


def _killed(atlas: Path) -> None:
    with atomic_folder(atlas) as folder:
        write(folder, "half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_leaves_the_old_folder_and_the_next_write_tidies_up(atlas: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(atlas,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert state(atlas) == state_of("old")
    assert len(list(atlas.parent.iterdir())) == 2
    with atomic_folder(atlas) as folder:
        write(folder, "new")
    assert list(atlas.parent.iterdir()) == [atlas]


def test_what_others_put_there_stays(atlas: Path) -> None:
    (atlas / ".git").mkdir()
    (atlas / ".git/HEAD").write_text("main")
    (atlas / "link").symlink_to("nothing")
    with atomic_folder(atlas) as folder:
        write(folder, "new")
    assert state(atlas) == {".git/HEAD": "main", **state_of("new")}
    assert (atlas / "link").readlink() == Path("nothing")


def test_a_table_of_ours_that_is_not_written_anew_does_not_stay(atlas: Path) -> None:
    for name in ("effects.csv", "ratings.csv", "cost.csv"):
        (atlas / name).write_text("old")
    with atomic_folder(atlas, ("effects.csv", "ratings.csv", "relations.csv")) as folder:
        write(folder, "new")
        (folder / "effects.csv").write_text("new")
    assert state(atlas) == {"cost.csv": "old", "effects.csv": "new", **state_of("new")}


def test_a_reader_never_finds_it_missing_or_mixed(atlas: Path) -> None:
    done, seen = threading.Event(), set()

    def look() -> None:
        while not done.is_set():
            seen.add((atlas / "index.html").exists())

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(50):
        with atomic_folder(atlas) as folder:
            write(folder, str(n))
    done.set()
    reader.join()
    assert seen == {True}


@pytest.mark.parametrize("number", [errno.EINVAL, None])
def test_where_the_system_cannot_exchange_folders_they_are_renamed(
    atlas: Path, number: int | None
) -> None:
    library = mock.Mock(spec=["renameat2"] if number else [])
    if number:
        library.renameat2.return_value = -1
    with (
        mock.patch.object(folders.ctypes, "CDLL", return_value=library),
        mock.patch.object(folders.ctypes, "get_errno", return_value=number),
        atomic_folder(atlas) as folder,
    ):
        write(folder, "new")
    assert state(atlas) == state_of("new")
    assert list(atlas.parent.iterdir()) == [atlas]


def test_a_full_disk_is_an_error_that_leaves_the_old_folder(atlas: Path) -> None:
    library = mock.Mock(spec=["renameat2"])
    library.renameat2.return_value = -1
    with (
        mock.patch.object(folders.ctypes, "CDLL", return_value=library),
        mock.patch.object(folders.ctypes, "get_errno", return_value=errno.ENOSPC),
        pytest.raises(OSError, match="No space left"),
        atomic_folder(atlas) as folder,
    ):
        write(folder, "new")
    assert state(atlas) == state_of("old")
    shutil.rmtree(atlas)

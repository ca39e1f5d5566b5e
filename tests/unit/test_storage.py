"""Files are whole or absent, also after a process was killed."""

from pathlib import Path

import pytest

from headatlas.storage import atomic_path, write_text


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "L00H00.json"
    write_text(file, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(file) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    (tmp_path / ".L[0].json.half").touch()
    (tmp_path / ".L0.json.half").touch()
    write_text(tmp_path / "L[0].json", "new")
    assert {file.name for file in tmp_path.iterdir()} == {"L[0].json", ".L0.json.half"}


def test_writers_of_a_shared_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    file = tmp_path / "reply.json"
    with atomic_path(file, shared=True) as mine:
        with atomic_path(file, shared=True) as theirs:
            theirs.write_text("theirs")
        mine.write_text("mine")
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]

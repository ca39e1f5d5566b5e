"""Patterns name the files that a shell would find: linked folders too, loops once, no results."""

import os
import subprocess
from pathlib import Path

import pytest

from headatlas.patterns import matches_of


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """data/a.txt, data/b -> ../shared/b with a loop in it, hidden files, results."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "data/a.txt",
        "data/deep/er/c.txt",
        "data/[1].txt",
        "data/.hidden.txt",
        "data/.git/d.txt",
        "shared/b/b.txt",
        "results/m/report.txt",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("text")
    Path("data/b").symlink_to("../shared/b")
    Path("shared/b/loop").symlink_to("..")
    Path("shared/b/other").symlink_to("../../data")
    return tmp_path


def names(pattern: str, root: Path | None = None) -> list[str]:
    found = matches_of(pattern, root).files
    return [os.path.relpath(file, root or Path()) for file in found]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("data/*.txt", ["data/[1].txt", "data/a.txt"]),
        ("data/?.txt", ["data/a.txt"]),
        ("data/[1].txt", ["data/[1].txt"]),
        ("data/.*.txt", ["data/.hidden.txt"]),
        ("data/.git/*.txt", ["data/.git/d.txt"]),
        ("data/*/*.txt", ["data/b/b.txt"]),
        (
            "data/**/*.txt",
            ["data/[1].txt", "data/a.txt", "data/b/b.txt", "data/deep/er/c.txt"],
        ),
        ("data/**", ["data/[1].txt", "data/a.txt", "data/b/b.txt", "data/deep/er/c.txt"]),
        ("d*/**/er/*", ["data/deep/er/c.txt"]),
        ("data/../shared/b/*.txt", ["shared/b/b.txt"]),
        ("nowhere/*.txt", []),
        ("data/a.txt/*", []),
        ("", []),
    ],
)
def test_what_a_pattern_matches(place: Path, pattern: str, expected: list[str]) -> None:
    assert names(pattern) == expected
    assert names(str(place / pattern)) == expected
    assert names(pattern, place) == expected


def test_a_shell_finds_the_same(place: Path) -> None:
    for pattern in ("data/*.txt", "data/b/*.txt", "*/*/*.txt", "data/[[]1].txt"):
        script = f"ls -d {pattern} | LC_ALL=C sort"
        listed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        found = [name for name in listed.stdout.split() if not name.startswith("results")]
        assert names(pattern) == found, pattern


def test_results_are_matched_by_nothing(place: Path) -> None:
    for pattern in ("**/report.txt", "results/m/report.txt", "results/*/*", "res*/**/*", "*/m/*"):
        assert names(pattern) == [], pattern
    Path("data/out").symlink_to("../results")
    assert "report.txt" not in " ".join(names("data/**/*"))
    os.chdir("shared")
    assert names("b/*.txt") == ["b/b.txt"]


def test_what_is_no_file_is_skipped_and_counted(place: Path) -> None:
    Path("data/folder.txt").mkdir()
    Path("data/dangling.txt").symlink_to("nothing")
    Path("data/self.txt").symlink_to("self.txt")
    os.mkfifo("data/pipe.txt")
    assert matches_of("data/*.txt").skipped == 4
    assert names("data/*.txt") == ["data/[1].txt", "data/a.txt"]
    assert matches_of("data/**/*").skipped == 3, "files of folders are matched by themselves"
    assert matches_of("data/a.txt").skipped == 0


def test_signs_in_the_root_are_no_pattern(place: Path) -> None:
    (place / "x[1]").mkdir()
    (place / "x[1]/a.txt").touch()
    assert names("*.txt", place / "x[1]") == ["a.txt"]


def test_what_is_no_pattern(place: Path) -> None:
    with pytest.raises(ValueError, match=r"\*\* can only be a whole part"):
        matches_of("data/**.txt")

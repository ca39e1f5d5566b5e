"""Digests follow imports wherever they lead, and nothing else."""

from pathlib import Path

import pytest

from headatlas.provenance import code_digest, folder_digest


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    files = {
        "headatlas/__init__.py": "",
        "headatlas/records.py": "A = 1\n",
        "headatlas/unused.py": "B = 1\n",
        "headatlas/events/__init__.py": "",
        "headatlas/events/choose.py": "from ..records import A\n",
        "headatlas/events/late.py": "",
        "select.py": "import json\nfrom headatlas.events import choose\n"
        "def f():\n    import headatlas.events.late\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "rerun"),
    [
        ("select.py", True),
        ("headatlas/__init__.py", True),
        ("headatlas/events/choose.py", True),
        ("headatlas/events/late.py", True),
        ("headatlas/records.py", True),
        ("headatlas/unused.py", False),
    ],
)
def test_a_change_counts_where_it_is_imported(scripts: Path, changed: str, rerun: bool) -> None:
    before = code_digest(scripts / "select.py")
    with (scripts / changed).open("a") as file:
        file.write("# changed\n")
    from headatlas.provenance import _imported

    _imported.cache_clear()  # a run parses each file once
    assert (code_digest(scripts / "select.py") != before) is rerun


def test_a_folder_changes_with_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    first = folder_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = folder_digest(tmp_path)
    (tmp_path / "b").write_text("y")
    assert len({first, second, folder_digest(tmp_path)}) == 3

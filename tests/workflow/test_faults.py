"""Bad luck in the middle of a run: a few of the faults of `python -m faults.table`."""

import shutil
import subprocess
from pathlib import Path

import pytest
from faults.faults import FAULTS, can_mount
from faults.table import outcome
from workplace import Workplace

CHOSEN = {
    "SIGKILL of `build_atlas`": "Error in rule build_atlas",
    "the disk is full: `build_atlas`": "error: ",
    "a flipped bit in a table": "error: results/tiny/words/windows.parquet: damaged",
    "a record of version 99": "error: results/tiny/words/symbolic/round0/explanations/L00H00.json: "
    "format version 99, this code reads ",
}


@pytest.mark.parametrize("name", CHOSEN)
def test_a_fault_is_told_and_the_next_run_gives_the_same_bytes(
    finished: Workplace, tmp_path: Path, name: str
) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    if fault.mounts and not can_mount():
        pytest.skip("no disk can be mounted here")
    found = outcome(fault, finished, tmp_path / "run")
    assert found.said.startswith(CHOSEN[name]), found
    assert (found.changed, found.code, found.differing) == ([], 0, []), found
    # Of what a job makes beside the file asked for; an atlas is known by links, and stays itself.
    made = ("tiny/words/symbolic/finished/", "tiny/words/stats/layer00.parquet")
    assert [name for name in found.missing if not name.startswith(made)] == [], found
    assert len(found.leftovers) <= 1


def test_an_atlas_that_somebody_deleted_is_made_again(finished: Workplace, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    subprocess.run(["cp", "-a", str(finished.folder), str(folder)], check=True)
    workplace = Workplace(folder)
    atlas = folder / workplace.atlas
    shutil.rmtree(atlas)
    workplace.run()
    assert (atlas / "index.html").is_file()
    assert not workplace.jobs()

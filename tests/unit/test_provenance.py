"""Digests follow imports wherever they lead, and nothing else."""

import os
import shutil
from pathlib import Path

import pytest
from places import SCRIPTS

from headatlas.provenance import (
    _imported,
    code_digest,
    code_files,
    contents_digest,
    folder_digest,
)


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    files = {
        "headatlas/__init__.py": "",
        "headatlas/records.py": "A = 1\n",
        "headatlas/unused.py": "B = 1\n",
        "headatlas/events/__init__.py": "",
        "headatlas/events/choose.py": "from ..records import A\n",
        "headatlas/events/late.py": "",
        "headatlas/found/__init__.py": "ALL = [m.name for m in iter_modules(__path__)]\n",
        "headatlas/found/one.py": "from ..measuring import C\n",
        "headatlas/measuring.py": "C = 1\n",
        "select.py": "import json\nfrom headatlas.events import choose\n"
        "def f():\n    import headatlas.events.late\n",
        "find.py": "from headatlas.found import ALL\n",
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
    _imported.cache_clear()  # a run parses each file once
    assert (code_digest(scripts / "select.py") != before) is rerun


@pytest.mark.parametrize("changed", ["headatlas/found/one.py", "headatlas/measuring.py"])
def test_a_package_that_looks_at_its_path_has_all_its_modules(scripts: Path, changed: str) -> None:
    assert_counts(scripts, "find.py", changed)


def test_a_new_module_of_such_a_package_counts(scripts: Path) -> None:
    before = code_digest(scripts / "find.py")
    (scripts / "headatlas/found/two.py").write_text("")
    _imported.cache_clear()
    assert code_digest(scripts / "find.py") != before


def assert_counts(scripts: Path, script: str, changed: str) -> None:
    before = code_digest(scripts / script)
    with (scripts / changed).open("a") as file:
        file.write("# changed\n")
    _imported.cache_clear()
    assert code_digest(scripts / script) != before


def bearers(module: str) -> set[str]:
    """The scripts whose digest a module of the library is in."""
    file = SCRIPTS / "headatlas" / module
    assert file.is_file()
    return {script.stem for script in SCRIPTS.glob("*.py") if file in code_files(script)}


# They may be shown what heads write.
ASKING = {"explain_head_llm", "explain_head_people", "judge_head_llm"}
ASKING |= {"ask_in_batches", "estimate_cost", "propose_head_llm", "estimate_proposals"}
ASKING |= {"estimate_cost_people"}
PAGES = {"build_atlas", "compare_runs", "compare_variants"}


@pytest.mark.parametrize(
    ("record", "scripts"),
    [
        ("comparison", {"compare_runs"}),
        ("cost", {"compare_costs", "compare_variants"}),
        ("probes", {"run_probes", "score_head"}),
        ("repeats", {"measure_repeats", "grade_roles", "build_atlas"}),
        ("ratings", {"evaluate_ratings", "build_atlas", "compare_runs"}),
        ("substitution", {"substitute_heads", "build_atlas"}),
        ("writing", {"read_weights", "grade_roles", "build_atlas"}),
        ("direct", {"measure_direct", "claim_writes"} | PAGES | ASKING),
        ("write_claims", {"claim_writes", "grade_roles"} | PAGES),
        ("write_evidence", {"claim_writes"} | ASKING),
        ("ablations", {"ablate_heads", "summarise_effects"}),
        ("attribution", {"attribute_heads", "ablate_heads", "summarise_effects"}),
        ("effects", {"summarise_effects", "build_atlas"}),
        ("family_effects", {"ablate_families", "build_atlas"}),
        ("proposals", {"propose_head_llm", "estimate_proposals", "explain_head"}),
        ("registry", set()),
    ],
)
def test_a_record_is_in_what_reads_or_writes_it_alone(record: str, scripts: set[str]) -> None:
    assert bearers(f"records/{record}.py") == scripts


def test_measures_are_in_what_scores_and_what_tells_of_scores_alone() -> None:
    """What comes before the scores must not be done again for a new measure."""
    assert bearers("measures/pair_auroc.py") == {
        "score_head",
        "evaluate_ratings",
        "transfer_explanations",
        "build_atlas",
        "compare_runs",
        "compare_costs",
        "compare_variants",
    }


def test_a_folder_changes_with_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    first = folder_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = folder_digest(tmp_path)
    (tmp_path / "b").write_text("y")
    assert len({first, second, folder_digest(tmp_path)}) == 3


def test_large_files_are_known_by_content_wherever_they_are(tmp_path: Path) -> None:
    here, there, memory = tmp_path / "here", tmp_path / "there", tmp_path / "memory"
    (here / "sub").mkdir(parents=True)
    (here / "sub/a").write_text("x")
    (here / "b").write_text("y")

    def digest(folder: Path) -> str:
        files = [file for file in folder.rglob("*") if file.is_file()]
        return contents_digest(files, folder, memory)

    first = digest(here)
    shutil.copytree(here, there)  # with times of its own
    (there / "b").touch()
    assert digest(there) == first
    (there / "b").write_text("z")  # of the same size
    assert digest(there) != first
    (there / "b").write_text("y")
    (there / "b").rename(there / "c")
    assert digest(there) != first


def test_files_that_have_not_changed_are_not_read_again(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("x")
    first, time = contents_digest([file], tmp_path, tmp_path / "memory"), file.stat().st_mtime_ns
    file.write_text("y")
    os.utime(file, ns=(time, time))  # what no program does: it would be seen at once if read
    assert contents_digest([file], tmp_path, tmp_path / "memory") == first
    file.touch()
    assert contents_digest([file], tmp_path, tmp_path / "memory") != first

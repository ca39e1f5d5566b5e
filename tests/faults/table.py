"""What is said and what is left when something goes wrong in the middle of a run, as a table.

Every fault is injected into a copy of one finished run of a tiny model. What is left beside what
was there before, and what the next run makes of it, is compared byte by byte.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from faults.faults import FAULTS, Fault, can_mount, run, sentence
from workplace import ROOT, SCRIPT, Workplace, contents, make_corpus, make_model


class Outcome(NamedTuple):
    """What became of a fault."""

    said: str
    missing: list[str]
    "results that were there before, but for those that were removed to have work"
    changed: list[str]
    leftovers: list[str]
    "temporary files and folders, which the next writer of the same file removes"
    code: int
    "exit status of the next run"
    differing: list[str]
    "results that are not the same after the next run, those that are not there among them"


def outcome(fault: Fault, finished: Workplace, folder: Path) -> Outcome:
    """Inject a fault into a copy of a finished run, in `folder`, and run again."""
    subprocess.run(["cp", "-a", str(finished.folder), str(folder)], check=True)
    workplace = Workplace(folder, finished.snakefile)
    before = contents(folder)
    _remove(folder / fault.target)
    expected = contents(folder)
    done = fault.inject(workplace, fault.target)
    after = contents(folder)
    if fault.delete:
        (folder / fault.delete).unlink()
    again = run(workplace, fault.target)
    last = contents(folder)
    damaged = {fault.delete.removeprefix("results/")} if fault.delete else set()
    return Outcome(
        sentence(done).replace(f"{folder}/", ""),
        sorted(expected.keys() - after.keys()),
        sorted(n for n in expected.keys() & after.keys() - damaged if expected[n] != after[n]),
        sorted(_tops(after.keys() - before.keys())),
        again.returncode,
        sorted(n for n in before.keys() | last.keys() if before.get(n) != last.get(n)),
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _tops(names: set[str]) -> set[str]:
    """Of what is in a hidden folder, the folder."""
    tops = set()
    for name in names:
        parts = Path(name).parts
        depth = next((n for n, part in enumerate(parts, 1) if part.startswith(".")), len(parts))
        tops.add("/".join(parts[:depth]))
    return tops


def row(fault: Fault, found: Outcome) -> str:
    """A row of the table."""
    left = [f"{len(found.missing)} results missing"] if found.missing else []
    left += [f"changed: {', '.join(found.changed)}"] if found.changed else []
    left += [f"{len(found.leftovers)} temporary"] if found.leftovers else []
    then = "the same bytes" if not found.differing else f"other: {', '.join(found.differing)}"
    if fault.delete:
        then = f"deleted as told, {then}"
    if found.code:
        then = f"exit status {found.code}, {then}"
    said = found.said.replace("|", "\\|")
    return f"| {fault.name} | `{said}` | {', '.join(left) or 'all else as it was'} | {then} |"


def rows(finished: Workplace) -> Iterator[str]:
    """All faults, each in a copy of its own."""
    for fault in FAULTS:
        if fault.mounts and not can_mount():
            yield f"| {fault.name} | not tried: no disk can be mounted here | | |"
            continue
        with tempfile.TemporaryDirectory() as folder:
            yield row(fault, outcome(fault, finished, Path(folder) / "run"))


@contextmanager
def finished_run() -> Iterator[Workplace]:
    """A finished run of a tiny model, by a copy of the workflow that nobody edits meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        code, folder = Path(name) / "code", Path(name) / "run"
        for part in ("scripts", "workflow", "envs"):
            shutil.copytree(ROOT / part, code / part, ignore=shutil.ignore_patterns("demo-model"))
        shutil.copy(ROOT / "Snakefile", code)
        make_model(folder / "tiny", seed=0, layers=2, heads=3, values=3, learnt=SCRIPT)
        make_corpus(folder / "words")
        workplace = Workplace(folder, code / "Snakefile")
        workplace.run()
        yield workplace


def main() -> None:
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    print("| what happens | what is said | what is left | the next run |\n|---|---|---|---|")
    with finished_run() as finished:
        for line in rows(finished):
            print(line, flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()

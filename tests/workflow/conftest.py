"""Workplaces that the tests share: made once, by the first process of pytest that needs them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from workplace import SCRIPT, Workplace, make_corpus, make_model

Shared = Callable[[str, Callable[[Path], None]], Workplace]


def copied(workplace: Workplace, folder: Path) -> Workplace:
    """A copy that a test may change; it has the times of the original."""
    subprocess.run(["cp", "-a", str(workplace.folder), str(folder)], check=True)
    return Workplace(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Makes a workplace unless another process has; each process has a copy of its own."""
    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def workplace(name: str, make: Callable[[Path], None]) -> Workplace:
        made = common / f"{name}-made"
        with FileLock(common / f"{name}.lock"):
            if not made.exists():
                folder = tmp_path_factory.mktemp(f"{name}-being-made") / "run"
                make(folder)
                folder.rename(made)
        return copied(Workplace(made), tmp_path_factory.mktemp(name) / "run")

    return workplace


def _make_fresh(folder: Path) -> None:
    folder.mkdir()
    make_model(folder / "tiny", seed=0, layers=2, heads=3, values=3, learnt=SCRIPT)
    make_model(folder / "second", seed=1, layers=3, heads=4, values=2, learnt=" the (")
    make_corpus(folder / "words")


@pytest.fixture(scope="session")
def fresh(shared: Shared) -> Workplace:
    """A workplace in which nothing has run."""
    return shared("fresh", _make_fresh)


@pytest.fixture(scope="session")
def finished(shared: Shared, fresh: Workplace) -> Workplace:
    """A workplace in which the workflow has run to its end; tests leave it as it is."""
    return shared("finished", lambda folder: _run(copied(fresh, folder)))


def _run(workplace: Workplace) -> None:
    workplace.run()


@pytest.fixture(scope="session")
def swept(shared: Shared, finished: Workplace) -> Workplace:
    """The finished workplace after a second model has been added to its sweep."""
    models = ["tiny", "second"]

    def make(folder: Path) -> None:
        workplace = copied(finished, folder)
        workplace.configuration["sweep"]["models"] = models
        said = workplace.run()
        assert f"The comparison of all runs is in {folder}/results/comparison/index.html" in said

    workplace = shared("swept", make)
    workplace.configuration["sweep"]["models"] = models
    return workplace

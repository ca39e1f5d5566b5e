"""Workplaces that the tests share."""

import subprocess
from collections.abc import Iterator

import pytest
from workplace import SCRIPT, Workplace, make_corpus, make_model


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A workplace in which nothing has run."""
    folder = tmp_path_factory.mktemp("fresh")
    make_model(folder / "tiny", seed=0, layers=2, heads=3, values=3, learnt=SCRIPT)
    make_model(folder / "second", seed=1, layers=3, heads=4, values=2, learnt=" the (")
    make_corpus(folder / "words")
    yield Workplace(folder)


@pytest.fixture(scope="session")
def finished(fresh: Workplace, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace in which the workflow has run to its end; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    subprocess.run(["cp", "-a", str(fresh.folder), str(folder)], check=True)
    workplace = Workplace(folder)
    workplace.run()
    return workplace

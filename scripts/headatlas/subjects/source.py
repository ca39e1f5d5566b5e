"""Files of a model in the hub's format: a local folder, a repository of the hub, a GGUF file."""

import hashlib
from pathlib import Path

from ..errors import InputError
from ..model_files import WEIGHTS, gguf_file, hub_format

_TOKENIZER = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model")


def fetch(source: str, commit: str | None = None) -> Path:
    """The folder of a model's files; a commit on the hub is downloaded to the hub's cache.

    A GGUF file is unpacked beside that. Raises InputError if there is no such folder, file or
    repository, or no weights in it.
    """
    folder = Path(hub_format(source))
    if not folder.is_dir():
        folder = _download(source, commit)
    if not (folder / "config.json").is_file():
        raise InputError(f"{source}: no config.json in this folder, so it is no model")
    return folder


def _download(source: str, commit: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["config.json", "generation_config.json", "*.safetensors*", *_TOKENIZER]
    try:
        folder = Path(snapshot_download(source, revision=commit, allow_patterns=patterns))
        if not any(folder.glob(WEIGHTS[0])):  # older repositories have no safetensors
            snapshot_download(source, revision=commit, allow_patterns=[WEIGHTS[1], "*.json"])
    except HFValidationError:
        raise InputError(f"{source}: neither a folder nor the name of a hub model") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{source}: cannot be fetched from the hub ({reason})") from None
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The weight files of a model folder in order of name. Raises InputError if none."""
    for pattern in WEIGHTS:
        if files := sorted(folder.glob(pattern)):
            return files
    raise InputError(f"{folder}: no weights here; allowed: {' or '.join(WEIGHTS)}")


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the weight files: their names and contents in order of name."""
    return _sha256(weight_files(folder))


def published_sha256(source: str, folder: Path) -> str:
    """SHA-256 of a model's weights as published: of a GGUF file as it is, else of `folder`'s."""
    if file := gguf_file(source):
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return weights_sha256(folder)


def tokenizer_sha256(folder: Path) -> str:
    """SHA-256 over the tokenizer's files, likewise. Raises InputError if there are none."""
    files = sorted({file for pattern in _TOKENIZER for file in folder.glob(pattern)})
    if not files:
        raise InputError(f"{folder}: no tokenizer here; it needs one in hub format")
    return _sha256(files)


def _sha256(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

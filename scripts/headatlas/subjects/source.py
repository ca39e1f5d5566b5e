"""Files of a model: a local folder in hub format, or a repository on the Hugging Face hub."""

import hashlib
from pathlib import Path

from ..errors import InputError

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_TOKENIZER = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model")


def fetch(source: str, commit: str | None = None) -> Path:
    """The folder of a model's files; a commit on the hub is downloaded to the hub's cache.

    Raises InputError if there is no such folder or repository, or no weights in it.
    """
    folder = Path(source)
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
        if not any(folder.glob(_WEIGHTS[0])):  # older repositories have no safetensors
            snapshot_download(source, revision=commit, allow_patterns=[_WEIGHTS[1], "*.json"])
    except HFValidationError:
        raise InputError(f"{source}: neither a folder nor the name of a hub model") from None
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{source}: cannot be fetched from the hub ({reason})") from None
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The weight files of a model folder in order of name. Raises InputError if none."""
    for pattern in _WEIGHTS:
        if files := sorted(folder.glob(pattern)):
            return files
    raise InputError(f"{folder}: no weights here; allowed: {' or '.join(_WEIGHTS)}")


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the weight files: their names and contents in order of name."""
    return _sha256(weight_files(folder))


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

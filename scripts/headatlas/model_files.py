"""Where the files of a model are: a folder in the hub's format, a GGUF file, or the hub."""

from pathlib import Path

from .errors import InputError

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # of a folder in the hub's format
_GGUF = b"GGUF"


def gguf_file(source: str | Path) -> Path | None:
    """The GGUF file that a source is, or that a folder has instead of other weights.

    None if it is a folder in the hub's format or a name on the hub. Raises InputError for a
    file that is not GGUF, and for a folder that leaves it open which file is meant.
    """
    path = Path(source)
    if path.is_file():
        if _is_gguf(path):
            return path
        raise InputError(f"{source}: a file, but not of the GGUF format")
    if not path.is_dir() or any(file for pattern in WEIGHTS for file in path.glob(pattern)):
        return None
    files = sorted(path.glob("*.gguf"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise InputError(f"{source}: a folder with several GGUF files ({names}); name one of them")
    return files[0] if files else None


def hub_format(source: str) -> str:
    """What transformers can load a model from: the source, or the folder of an unpacked GGUF file.

    Raises InputError if the file cannot be unpacked.
    """
    file = gguf_file(source)
    if file is None:
        return source
    from .subjects.unpacking import unpacked  # imports torch: slow

    return str(unpacked(file))


def _is_gguf(file: Path) -> bool:
    """Whether a file begins as a GGUF file does; its name does not matter."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(_GGUF)) == _GGUF
    except OSError as error:
        raise InputError(f"{file}: a file that cannot be read ({error.strerror})") from None

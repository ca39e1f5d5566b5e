"""Questions with their answers, as EleutherAI's stackexchange-dataset tool writes them."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from .document import Document
from .text_files import file_documents

_LONGEST = 1_000_000  # bytes; of a longer member the beginning is read
_KINDS = (".zip", ".txt", ".jsonl", ".jsonl.zst")


def stackexchange_documents(folder: Path) -> Iterator[Document]:
    """Documents of a folder of exported sites, each a `Q:` block and its `A:` blocks.

    Read are `SITE.zip` archives of `SITE_ID.txt` members, one member at a time, the
    same files loose, both named `SITE_ID`, and `.jsonl.zst` files with a field `text`.

    Raises InputError if the folder holds none of them or an archive is broken.
    """
    files = sorted(file for file in folder.rglob("*") if file.name.endswith(_KINDS))
    if not files:
        raise InputError(
            f"{folder}: no such folder, or no file in it that ends in {', '.join(_KINDS)}"
        )
    for file in files:
        if file.suffix == ".zip":
            yield from _members(file)
        elif file.suffix == ".txt":
            with file.open("rb") as stream:
                yield _document(file.name, stream.read(_LONGEST))
        else:
            yield from file_documents(file, file.relative_to(folder).as_posix(), "text")


def _members(archive: Path) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(archive) as members:
            for member in members.infolist():
                if member.filename.endswith(".txt"):
                    with members.open(member) as stream:
                        yield _document(member.filename, stream.read(_LONGEST))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise InputError(f"{archive}: cannot be read as an archive ({error})") from None


def _document(file_name: str, content: bytes) -> Document:
    return Document(Path(file_name).stem, content.decode("utf-8", "replace"))

"""Questions with their answers, as EleutherAI's stackexchange-dataset tool writes them."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from ..patterns import matches_of
from .decoding import decoded
from .document import Document, LeftOut
from .text_files import file_documents, is_json_lines

_LONGEST = 1_000_000  # bytes; of a longer member the beginning is read


def stackexchange_documents(folder: Path, left_out: LeftOut | None = None) -> Iterator[Document]:
    """Documents of a folder of exported sites, each a `Q:` block and its `A:` blocks.

    Read are `SITE.zip` archives of `SITE_ID.txt` members, one member at a time, the
    same files loose, both named `SITE_ID`, and JSON lines with a field `text`, compressed
    or not. Linked folders are looked into. `left_out` counts other files, and posts of which
    only the first million bytes were read.

    Raises InputError if the folder holds none of them or an archive is broken.
    """
    left_out = LeftOut() if left_out is None else left_out
    found = matches_of("**/*", folder)
    files = [file for file in found.files if _is_read(file.name)]
    left_out["files_skipped"] += found.skipped + len(found.files) - len(files)
    if not files:
        raise InputError(
            f"{folder}: no such folder, or no .zip, .txt or .jsonl file in it, or compressed .jsonl"
        )
    for file in files:
        if file.suffix.lower() == ".zip":
            yield from _members(file, left_out)
        elif is_json_lines(file.name):
            yield from file_documents(file, file.relative_to(folder.absolute()).as_posix(), "text")
        else:
            with file.open("rb") as stream:
                yield _document(file.name, stream.read(_LONGEST + 1), left_out)


def _is_read(name: str) -> bool:
    return name.lower().endswith((".zip", ".txt")) or is_json_lines(name)


def _members(archive: Path, left_out: LeftOut) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(archive) as members:
            for member in members.infolist():
                if member.filename.lower().endswith(".txt"):
                    with members.open(member) as stream:
                        content = stream.read(_LONGEST + 1)
                    yield _document(member.filename, content, left_out)
                else:
                    left_out["files_skipped"] += not member.is_dir()
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise InputError(f"{archive}: cannot be read as an archive ({error})") from None


def _document(file_name: str, content: bytes, left_out: LeftOut) -> Document:
    left_out["documents_cut"] += len(content) > _LONGEST
    whole = len(content) <= _LONGEST
    return Document(Path(file_name).stem, decoded(content[:_LONGEST], whole=whole))

"""What a file is by its name and its beginning: nothing is read as prose that is not."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import os
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.corpora import text_files
from headatlas.corpora.decoding import decoded, encoding_of, why_no_text
from headatlas.corpora.document import LeftOut
from headatlas.corpora.stackexchange import stackexchange_documents
from headatlas.corpora.text_files import text_documents
from headatlas.errors import InputError

LINES = b'{"text": "first"}\n{"text": "second"}\n'
RUSSIAN = "Глокая куздра штеко будланула бокра\n"


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", content)
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    buffer = pa.BufferOutputStream()
    with pa.output_stream(buffer, compression="zstd") as stream:
        stream.write(content)
    return buffer.getvalue().to_pybytes()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["one"]}), buffer)
    return buffer.getvalue()


def same(content: bytes) -> bytes:
    return content


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("c4-train.00000-of-01024.json.gz", gzip.compress),
        ("a.json", same),
        ("a.ndjson", same),
        ("a.JSONL", same),
        ("a.jsonl.bz2", bz2.compress),
        ("a.Json.ZST", zstd),
    ],
)
def test_json_lines_are_known_by_every_usual_name(
    tmp_path: Path, name: str, packed: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(packed(LINES))
    texts = [text for _, text in text_documents([str(tmp_path / name)], "text")]
    assert texts == ["first", "second"]


@pytest.mark.parametrize("name", ["a.txt", "a", "a.log"])
def test_json_lines_of_another_name_are_no_prose(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\n" + LINES)
    with pytest.raises(InputError, match=rf"/{name}: looks like JSON lines; named \.jsonl"):
        list(text_documents([str(tmp_path / name)], "text"))
    (tmp_path / name).write_bytes(b"{braces} are text\n")
    assert len(list(text_documents([str(tmp_path / name)], "text"))) == 1


@pytest.mark.parametrize("content", ['{\n "text": "one"\n}\n', '[{"text": "one"}]', "[" * 9999])
def test_json_that_is_no_lines_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json, line 1: (not JSON|a list)"):
        list(text_documents([str(tmp_path / "a.json")], "text"))


@pytest.mark.parametrize("name", ["A.TXT.GZ", "a.Txt.Bz2", "a.md.zst"])
def test_compressed_text_is_read_whatever_the_case(tmp_path: Path, name: str) -> None:
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstd}[
        name[name.rindex(".") :].lower()
    ]
    (tmp_path / name).write_bytes(pack(b"one\n\ntwo\n"))
    assert list(text_documents([str(tmp_path / name)], "text")) == [(name, "one\n\ntwo\n")]


def test_parts_of_a_gzip_file_are_read_to_the_last(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert list(text_documents([f"{tmp_path}/a.txt.gz"], "text")) == [("a.txt.gz", "one\ntwo\n")]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF8, "utf-8"),
    ],
)
def test_the_mark_of_a_text_is_honoured(tmp_path: Path, mark: bytes, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(mark + (RUSSIAN * 9000).encode(encoding))
    assert "".join(d.text for d in text_documents([f"{tmp_path}/a.txt"], "text")) == RUSSIAN * 9000
    (tmp_path / "a.jsonl").write_bytes(mark + LINES.decode().encode(encoding))
    assert [d.text for d in text_documents([f"{tmp_path}/a.jsonl"], "text")] == ["first", "second"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (parquet(), "is Parquet; .* kind: huggingface"),
        (lzma.compress(b"one" * 99), "is compressed by xz, which is not read; .*gz"),
        (gzip.compress(b"one" * 99), r"is compressed by gzip; its name must end in \.gz"),
        (bz2.compress(b"one" * 99), r"is compressed by bzip2; .* \.bz2"),
        (zstd(b"one" * 99), r"is compressed by zstd; .* \.zst"),
        (zipped(b"one"), "is a zip archive"),
        (b"%PDF-1.7\n1 0 obj", "is a PDF document; save it as text"),
        (random.Random(0).randbytes(5000), r"is no text in UTF-8 \(\d+% of its beginning"),
        (RUSSIAN.encode("koi8-r") * 9, "is no text in UTF-8 .* convert it"),
        (("plain " * 99).encode("utf-16-le"), "is no text in UTF-8"),
    ],
    ids=["parquet", "xz", "gzip", "bzip2", "zstd", "zip", "pdf", "noise", "koi8", "utf16"],
)
def test_what_is_no_text_is_refused_with_what_to_do(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=rf"/a\.txt: {reason}"):
        list(text_documents([f"{tmp_path}/a.txt"], "text"))


@given(st.text())
def test_utf8_is_never_altered(text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    if encoding_of(content) == "utf-8" and "\\ud" not in ascii(text):
        assert decoded(content) == text


@given(st.binary())
def test_any_bytes_are_text_or_a_reason(content: bytes) -> None:
    assert why_no_text(content) is None or why_no_text(content).startswith("is ")
    assert isinstance(decoded(content), str)


def test_latin_1_is_read_and_its_letters_are_marked() -> None:
    content = "Ein kühler Morgen, größer als süß\n".encode("latin-1")
    assert why_no_text(content) is None
    assert decoded(content).count("\ufffd") == 5


def test_a_long_json_line_is_read_and_a_longer_one_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"text": "x" * 70_000_000}) + "\n")
    [document] = text_documents([str(file)], "text")
    assert len(document.text) == 70_000_000
    monkeypatch.setattr(text_files, "_LONGEST_JSON_LINE", 1000)
    with pytest.raises(InputError, match=r"a\.jsonl, line 1: longer than 1,000 characters"):
        list(text_documents([str(file)], "text"))


def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    file.write_text("coffee")
    [document] = text_documents([f"{tmp_path}/*"], "text")
    assert document.text == "coffee"


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(LINES)
    documents = text_documents([str(file)], "text")
    next(documents)
    with file.open("ab") as stream:
        stream.write(b'{"text": "third"}\n')
    with pytest.raises(InputError, match=r"a\.jsonl: changed while it was read; run again"):
        list(documents)


def test_what_matches_and_is_no_file_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.txt").mkdir()
    os.mkfifo(tmp_path / "c.txt")
    left_out = LeftOut()
    assert len(list(text_documents([f"{tmp_path}/*.txt"], "text", left_out=left_out))) == 1
    assert left_out.facts() == {"files_skipped": 2, "documents_cut": 0}


def test_an_exported_site_is_read_through_links_and_the_rest_is_counted(tmp_path: Path) -> None:
    folder, other = tmp_path / "sites", tmp_path / "disk"
    other.mkdir()
    folder.mkdir()
    (other / "chess_1.txt").write_text("Q:\n\n" + "x" * 2_000_000)
    (other / "Chess_2.TXT").write_bytes(codecs.BOM_UTF16_LE + "Q: é".encode("utf-16-le"))
    (other / "more.ndjson").write_bytes(LINES)
    (other / "readme.md").write_text("no post")
    (folder / "linked").symlink_to(other)
    (folder / "linked/loop").symlink_to(folder)
    (folder / "x.txt").mkdir()
    (folder / "y.txt").symlink_to("nothing")
    os.mkfifo(folder / "z.txt")
    with zipfile.ZipFile(folder / "bikes.ZIP", "w") as archive:
        archive.writestr("bikes_7.txt", "é" * 600_000)
        archive.writestr("logo.png", "no post")
    left_out = LeftOut()
    found = {d.name: d.text for d in stackexchange_documents(folder, left_out)}
    assert list(found) == [
        "bikes_7",
        "Chess_2",
        "chess_1",
        "linked/more.ndjson#1",
        "linked/more.ndjson#2",
    ]
    assert found["Chess_2"] == "Q: é" and found["bikes_7"] == "é" * 500_000
    assert left_out.facts() == {"files_skipped": 4, "documents_cut": 2}


def test_a_broken_post_says_no_less_than_its_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a_1.txt", "Q:")
    content = (tmp_path / "a.zip").read_bytes()
    # As a compression that Python does not know.
    (tmp_path / "a.zip").write_bytes(re.sub(rb"(?s)(?<=PK\x01\x02.{6})..", b"\x63\0", content))
    with pytest.raises(InputError, match=r"a\.zip: cannot be read as an archive"):
        list(stackexchange_documents(tmp_path))

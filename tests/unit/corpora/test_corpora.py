"""Corpora: every source yields named documents, streams, and says what is wrong with its input."""

import gzip
import io
import json
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.corpora import lines, python_docs
from headatlas.corpora.document import Document
from headatlas.corpora.lines import bounded_lines, documents_of_lines, is_heading
from headatlas.corpora.open import documents_of, facts_of
from headatlas.corpora.python_docs import is_held_out, python_documents
from headatlas.corpora.stackexchange import stackexchange_documents
from headatlas.corpora.text_files import text_documents
from headatlas.errors import InputError
from headatlas.settings.corpus import HuggingFace, PythonDocs

WIKITEXT = (
    " \n = Lobster = \n \n It is blue . \n \n = = Habitat = = \n \n The sea . \n \n = Eel = \n \n"
)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zst":
        with pa.output_stream(str(path), compression="zstd") as stream:
            stream.write(content)
    else:
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def json_lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def cut(text: str) -> list[Document]:
    return list(documents_of_lines("f", text.splitlines(True)))


# Lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" = Lobster = \n", True),
        ("= Lobster =", True),
        (" = E = mc2 = \n", True),
        (" = = Habitat = = \n", False),
        ("== Lobster ==\n", False),
        ("======\n", False),
        ("x = y =\n", False),
        ("= y\n", False),
    ],
)
def test_a_heading_has_one_equals_sign_on_either_side(line: str, expected: bool) -> None:
    assert is_heading(line) is expected


def test_articles_are_documents_and_the_space_before_the_first_is_none() -> None:
    first, second = cut(WIKITEXT)
    assert first == (
        "f#0001",
        " = Lobster = \n \n It is blue . \n \n = = Habitat = = \n \n The sea . \n \n",
    )
    assert second == ("f#0002", " = Eel = \n \n")


def test_a_heading_within_a_paragraph_is_text() -> None:
    assert cut("so\n = 1 / s = \nmany\n") == [("f", "so\n = 1 / s = \nmany\n")]


def test_a_text_without_headings_is_one_document() -> None:
    assert cut("one\n\ntwo\n") == [("f", "one\n\ntwo\n")]
    assert cut(" \n\n") == []


def test_long_texts_are_cut_at_blank_lines_and_without_these_by_size() -> None:
    with mock.patch.multiple(lines, LONGEST_WHOLE=30, PIECE=10):
        assert [
            text for _, text in cut("aaaa\n\nbbbbbb\ncc\n\ndddd\neeee\nffff\ngggg\nhhhh\n")
        ] == [
            "aaaa\n\nbbbbbb\ncc\n\n",
            "dddd\neeee\nffff\ngggg\n",
            "hhhh\n",
        ]


def test_a_long_article_is_cut_and_the_next_is_whole_again() -> None:
    with mock.patch.multiple(lines, LONGEST_WHOLE=30, PIECE=10):
        texts = [text for _, text in cut("aaaaaaaaaa\n\n" * 4 + "= E =\n" + "b\n\n" * 7)]
    assert texts == ["aaaaaaaaaa\n\n"] * 4 + ["= E =\n" + "b\n\n" * 7]


def test_an_endless_line_is_cut_while_it_is_read() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    stream = io.TextIOWrapper(io.BufferedReader(Endless()))
    documents = list(islice(documents_of_lines("f", bounded_lines(stream)), 60))
    assert {len(document.text) for document in documents} == {2 * lines.PIECE}
    assert documents[-1].name == "f#0060"


@given(st.lists(st.sampled_from(["\n", "= A =\n", "word\n", "a longer line\n", "part"])))
def test_cutting_loses_and_doubles_nothing(parts: list[str]) -> None:
    with mock.patch.multiple(lines, LONGEST_WHOLE=50, PIECE=15):
        documents = list(documents_of_lines("f", parts))
    # Blank lines between documents may go, and with them the end of a line's last word.
    kept = "".join(d.text for d in documents)
    assert "".join(kept.split()) == "".join("".join(parts).split())
    assert len({d.name for d in documents}) == len(documents)
    assert all(len(d.text) <= 50 for d in documents)


# Files


def test_files_are_named_by_their_path_below_what_they_share(tmp_path: Path) -> None:
    write(tmp_path / "c/b/two.txt", b"two")
    write(tmp_path / "c/one.md", b"one")
    write(tmp_path / "c/wiki.txt.gz", WIKITEXT.encode())
    documents = list(text_documents([f"{tmp_path}/c/**/*.txt*", f"{tmp_path}/c/one.md"], "text"))
    assert [d.name for d in documents] == [
        "b/two.txt",
        "one.md",
        "wiki.txt.gz#0001",
        "wiki.txt.gz#0002",
    ]
    assert documents[0].text == "two"


def test_characters_are_kept_and_broken_bytes_replaced(tmp_path: Path) -> None:
    write(
        tmp_path / "a.txt",
        b"\xef\xbb\xbfnul\x00 \xe2\x80\xae\r\nsep\xe2\x80\xa8\xff\xf0\x9f\x92\xa9",
    )
    [document] = text_documents([f"{tmp_path}/a.txt"], "text")
    assert document == ("a.txt", "nul\x00 \u202e\r\nsep\u2028\ufffd\U0001f4a9")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_json_lines_are_documents(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, json_lines({"body": "x\ud800"}) + b"\n" + json_lines({"body": None}))
    documents = list(text_documents([str(tmp_path / name)], field="body"))
    assert documents == [(f"{name}#1", "x\ud800"), (f"{name}#3", "")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"{broken", r"a\.jsonl, line 2: not JSON"),
        (b'{"body": "x", "id": 1}', r"a\.jsonl, line 2: no field 'text'; .* 'body', 'id'"),
        (b'{"text": 3}', r"a\.jsonl, line 2: field 'text' is a int, not text"),
        (b"[]", r"a\.jsonl, line 2: a list, where"),
    ],
)
def test_a_bad_json_line_is_named(tmp_path: Path, row: bytes, message: str) -> None:
    write(tmp_path / "a.jsonl", json_lines({"text": "good"}) + row + b"\n")
    with pytest.raises(InputError, match=message):
        list(text_documents([f"{tmp_path}/a.jsonl"], "text"))


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a.txt{suffix}", bytes(range(256)) * 50)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=rf"a\.txt\{suffix}: cannot be read"):
        list(text_documents([str(path)], "text"))


def test_a_pattern_that_matches_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file matches .*/none\*"):
        list(text_documents([f"{tmp_path}/none*"], "text"))


# Datasets


def data_set(source: Path, **changes: Any) -> HuggingFace:
    return HuggingFace(source=str(source), **changes)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    folder = tmp_path / "rows"
    folder.mkdir()
    table = pa.table({"body": ["first", None, "third"], "label": [0, 1, 2]})
    pq.write_table(table, folder / "test-00000-of-00001.parquet")
    return folder


def test_rows_of_a_folder_are_documents(rows: Path) -> None:
    documents = list(documents_of(data_set(rows, part="test", field="body")))
    assert documents == [("test#0", "first"), ("test#1", ""), ("test#2", "third")]


def test_rows_that_are_lines_are_joined_to_articles(tmp_path: Path) -> None:
    table = pa.table({"text": [line.strip(" \n") for line in WIKITEXT.splitlines()]})
    pq.write_table(table, tmp_path / "train.parquet")
    documents = list(documents_of(data_set(tmp_path)))
    assert [d.name for d in documents] == ["train#0001", "train#0002"]
    assert documents[0].text.startswith("= Lobster =\n\nIt is blue .\n\n= = Habitat = =\n")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"part": "dev", "field": "body"}, r"no part 'dev'; the parts are 'test'"),
        ({"part": "test", "field": "text"}, r"row 0: no field 'text'; the fields are 'body', 'l"),
        ({"part": "test", "field": "label"}, r"field 'label' is a int, not text"),
    ],
)
def test_a_missing_part_or_field_is_named(
    rows: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        list(documents_of(data_set(rows, **settings)))


def test_saved_datasets_are_read_from_disk(tmp_path: Path) -> None:
    saved = datasets.Dataset.from_dict({"text": ["one", "two"]})
    saved.save_to_disk(tmp_path / "plain")
    datasets.DatasetDict({"dev": saved}).save_to_disk(tmp_path / "parts")
    plain = list(documents_of(data_set(tmp_path / "plain")))
    parts = list(documents_of(data_set(tmp_path / "parts", part="dev")))
    assert plain == [("train#0", "one"), ("train#1", "two")]
    assert parts == [("dev#0", "one"), ("dev#1", "two")]


def test_a_folder_that_is_no_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{tmp_path}: cannot be read as a dataset"):
        list(documents_of(data_set(tmp_path)))


# Stack Exchange


def test_archives_loose_files_and_json_lines_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bicycles.zip", "w") as archive:
        archive.writestr("bicycles_7.txt", "Q:\n\nWhy?\n\nA:\n\n= So =\n\nit is\n")
        archive.writestr("readme.md", "no post")
    write(tmp_path / "chess_9.txt", "Q:\n\né\n".encode())
    write(tmp_path / "out/data_0.jsonl.zst", json_lines({"text": "Q:", "meta": {"id": 1}}))
    assert list(stackexchange_documents(tmp_path)) == [
        ("bicycles_7", "Q:\n\nWhy?\n\nA:\n\n= So =\n\nit is\n"),
        ("chess_9", "Q:\n\né\n"),
        ("out/data_0.jsonl.zst#1", "Q:"),
    ]


def test_a_broken_archive_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such folder, or no \.zip, "):
        list(stackexchange_documents(tmp_path))
    write(tmp_path / "chess.zip", b"PK nothing")
    with pytest.raises(InputError, match=r"chess\.zip: cannot be read as an archive"):
        list(stackexchange_documents(tmp_path))


# The door


def test_python_documents_are_those_the_demo_model_has_not_seen() -> None:
    names = [document.name for document in documents_of(PythonDocs())]
    assert names and all(map(is_held_out, names))
    assert not set(names) & {d.name for d in python_documents(held_out=False)}
    assert set(facts_of("python-docs")) == {"kind", "python"}
    assert facts_of("text") == {"kind": "text"}


def test_kinds_of_python_text_share_no_text_and_are_as_unseen() -> None:
    code, prose, tables = (
        {d.name: d.text for d in documents_of(PythonDocs(only=only))}
        for only in ("code", "prose", "tables")
    )
    assert all(map(is_held_out, {**code, **prose}))
    assert not tables.keys() & (code.keys() | prose.keys())
    assert not tables.keys() & {d.name for d in python_documents(held_out=False)}
    assert all(text.startswith("### Decoding") for text in tables.values())
    for name, text in prose.items():
        for paragraph in (part for part in text.split("\n\n") if len(part) > 80):
            assert paragraph not in code.get(name, ""), name
    assert ">>>" not in "".join(prose.values())


def test_docstrings_are_prose_and_what_is_left_is_code() -> None:
    docstring = '"""Of <a>.\n\nMore.\n\n    >>> f(1)\n    2\n"""\n'
    source = f'{docstring}\ndef f(x):\n    """Of f."""\n    return x  # \\d\n'
    assert python_docs._without_docstrings(source) == "\ndef f(x):\n    return x  # \\d\n"
    assert python_docs._without_docstrings(f"x = 1\n\f\n{source[len(docstring) :]}") == (
        "x = 1\n\f\n\ndef f(x):\n    return x  # \\d\n"
    )
    text = "\n\n".join(python_docs._docstrings(source))
    assert python_docs._prose(text) == "Of <a>.\n\nMore.\n\nOf f.\n\n"

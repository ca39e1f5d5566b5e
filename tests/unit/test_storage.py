"""Files are whole or absent, also after a process was killed; what is damaged is told by name."""

import errno
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headatlas.records.base import VERSION
from headatlas.records.clusters import Clusters
from headatlas.records.repeats import REPEATS
from headatlas.storage import (
    StorageError,
    atomic_path,
    read_chunks,
    read_facts,
    read_head,
    read_record,
    read_records,
    read_table,
    write_rows,
    write_text,
)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "L00H00.json"
    write_text(file, "old")
    with pytest.raises(ZeroDivisionError), atomic_path(file) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    (tmp_path / ".L[0].json.half").touch()
    (tmp_path / ".L0.json.half").touch()
    write_text(tmp_path / "L[0].json", "new")
    assert {file.name for file in tmp_path.iterdir()} == {"L[0].json", ".L0.json.half"}


def test_writers_of_a_shared_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    file = tmp_path / "reply.json"
    with atomic_path(file, shared=True) as mine:
        with atomic_path(file, shared=True) as theirs:
            theirs.write_text("theirs")
        mine.write_text("mine")
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


# Damage

ROWS = [
    {"layer": n // 5, "head": n % 5, "metric": "sink", "length": None, "value": n / 7}
    | {"low": 0.0, "high": 1.0, "n": 3}
    for n in range(200)
]


def test_no_flipped_bit_reads_as_other_data(tmp_path: Path) -> None:
    """It is told with the file's name, or it is in what says nothing of the rows."""
    file = tmp_path / "repeats.parquet"
    write_rows(file, ROWS, REPEATS, {"documents": 7})
    whole, before = file.read_bytes(), read_table(file, REPEATS)
    heads = [read_head(file, REPEATS, head) for head in range(5)]
    told, rng = 0, random.Random(0)
    for bit in rng.sample(range(8 * len(whole)), 300):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            assert read_table(file, REPEATS) == before
            assert [read_head(file, REPEATS, head) for head in range(5)] == heads
            assert read_facts(file) == {"version": VERSION, "documents": 7}
        except StorageError as error:
            told += 1
            assert str(error).startswith(f"{file}: ") and "run again" in str(error)
    assert told > 150


@pytest.mark.parametrize("damage", ["cut", "zeroed", "empty", "text"])
def test_a_damaged_table_is_named_however_it_is_read(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "repeats.parquet"
    write_rows(file, ROWS, REPEATS)
    whole = file.read_bytes()
    contents = {
        "cut": whole[: len(whole) // 2],
        "zeroed": whole[:4] + bytes(400) + whole[404:],
        "empty": b"",
        "text": b"layer,head\n",
    }
    file.write_bytes(contents[damage])
    for read in (
        lambda: read_table(file, REPEATS),
        lambda: read_head(file, REPEATS, 0),
        lambda: list(read_chunks(file, REPEATS, ["layer", "head"], 10)),
    ):
        with pytest.raises(StorageError, match=r"repeats\.parquet: damaged, or no Parquet file"):
            read()
    with pytest.raises(StorageError, match=r"none\.parquet: no such file"):
        read_table(tmp_path / "none.parquet", REPEATS)


# Versions


@pytest.mark.parametrize("changed", [{"version": 99}, {"version": 0, "activations": []}])
def test_a_record_of_another_version_is_refused_with_what_to_do(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    """... rather than by the first key that has changed since."""
    file = tmp_path / "clusters.json"
    names = dict.fromkeys(("model", "corpus", "explainer", "clustering"), "x")
    record = Clusters(**names, clusters=[], unclustered=[], unexplained=[])
    file.write_text(json.dumps(record.model_dump() | changed))
    message = rf"clusters\.json: format version {changed['version']}, this code reads {VERSION}; "
    with pytest.raises(StorageError, match=message + "delete it and run again"):
        read_record(file, Clusters)
    file.write_text(json.dumps(record.model_dump() | changed) + "\n")
    with pytest.raises(StorageError, match=message):
        read_records(file, Clusters)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}', b"\xff", b"[" * 9999])
def test_what_is_no_record_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clusters.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"clusters\.json: .* \(as a Clusters\); delete it"):
        read_record(tmp_path / "clusters.json", Clusters)


def test_a_table_of_another_version_or_schema_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "repeats.parquet"
    with mock.patch("headatlas.storage.VERSION", 99):
        write_rows(file, ROWS, REPEATS)
    with pytest.raises(StorageError, match=rf"repeats\.parquet: format version 99, .* {VERSION}; "):
        read_table(file, REPEATS)
    write_rows(file, ROWS, REPEATS)
    with pytest.raises(
        StorageError, match=r"columns split, entropy are not as expected; delete it"
    ):
        more = [pa.field(name, pa.string()) for name in ("split", "entropy")]
        read_table(file, pa.schema([*REPEATS, *more]))
    pq.write_table(pa.table({"layer": [0]}), file)
    with pytest.raises(StorageError, match="not written by Head Atlas; delete it"):
        read_table(file, REPEATS)


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised, atomic_path(tmp_path / "a.json"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename == str(tmp_path / "a.json")


def test_a_job_imports_no_pandas_for_its_tables_and_may_have_its_frames(tmp_path: Path) -> None:
    """In a process of its own, for here somebody may have imported it."""
    code = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from headatlas.storage import read_table, write_rows

schema = pa.schema({"a": pa.int64()})
write_rows(Path("table"), [{"a": 1}], schema)
table = read_table(Path("table"), schema)
assert table.to_pylist() == [{"a": 1}] and len(pa.array(np.ones(3))) == 3
assert "pandas" not in sys.modules
assert table.to_pandas()["a"].tolist() == pa.array(table.to_pandas()["a"]).to_pylist() == [1]
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)

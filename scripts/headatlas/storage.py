"""Atomic files with a checked schema: what is on disk is whole and of the right shape."""

import glob
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pydantic import ValidationError

from .errors import InputError
from .records.base import VERSION, Record

_METADATA_KEY = b"headatlas"
R = TypeVar("R", bound=Record)


class StorageError(InputError):
    """A file is missing, unreadable or not of the schema that its reader expects."""


@contextmanager
def atomic_path(path: Path, *, shared: bool = False) -> Iterator[Path]:
    """A temporary path beside `path`, moved there if the block ends without an error.

    What a killed process left of the same file is removed, unless the file is `shared`: then
    other processes may be writing it right now.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not shared:
        for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
            leftover.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, shared: bool = False) -> None:
    """Write UTF-8 text; characters that UTF-8 cannot carry become replacement marks."""
    with atomic_path(path, shared=shared) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))


def write_record(path: Path, record: Record, *, shared: bool = False) -> None:
    """Write a record as indented JSON; `shared` as in `atomic_path`."""
    write_text(path, record.model_dump_json(indent=1) + "\n", shared=shared)


def read_record(path: Path, kind: type[R]) -> R:
    """Read a record. Raises StorageError if the file is not a `kind` of this version."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise StorageError(f"{path}: {where}: {first['msg']} (as a {kind.__name__})") from None


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read the records of a file that has one on each line. Raises StorageError likewise."""
    try:
        lines = path.read_bytes().splitlines()
        return [kind.model_validate_json(line) for line in lines]
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise StorageError(f"{path}: {error.errors()[0]['msg']} (as a {kind.__name__})") from None


def _stamped(schema: pa.Schema, facts: dict[str, object]) -> pa.Schema:
    stamp = {"version": VERSION, **facts}
    return schema.with_metadata({_METADATA_KEY: json.dumps(stamp, sort_keys=True).encode()})


def _number_lists(schema: pa.Schema) -> list[str]:
    lists = [f for f in schema if pa.types.is_list(f.type)]
    return [f"{f.name}.list.element" for f in lists if pa.types.is_primitive(f.type.value_type)]


class TableWriter:
    """Writes a table batch after batch; the rows of earlier batches are not kept in memory."""

    def __init__(self, temporary: Path, schema: pa.Schema, facts: dict[str, object]):
        self._schema = schema
        # Numbers in lists seldom repeat. First bytes apart from second ones they are smaller
        # than as a dictionary, and written in half the time.
        self._writer = pq.ParquetWriter(
            temporary,
            _stamped(schema, facts),
            compression="zstd",
            use_dictionary=[n for n in schema.names if not pa.types.is_list(schema.field(n).type)],
            use_byte_stream_split=_number_lists(schema),
        )

    def write(self, columns: dict[str, pa.Array | pa.ChunkedArray]) -> None:
        """Append rows. Raises pa.ArrowInvalid if a column does not fit the schema."""
        table = pa.table([columns[name] for name in self._schema.names], schema=self._schema)
        self._writer.write_table(table.replace_schema_metadata(self._writer.schema.metadata))

    def close(self) -> None:
        self._writer.close()


@contextmanager
def table_writer(
    path: Path, schema: pa.Schema, facts: dict[str, object] | None = None
) -> Iterator[TableWriter]:
    """A writer whose file appears at `path` only when the block ends without an error."""
    with atomic_path(path) as temporary:
        writer = TableWriter(temporary, schema, facts or {})
        try:
            yield writer
        finally:
            writer.close()


def write_rows(
    path: Path,
    rows: Sequence[dict[str, object]],
    schema: pa.Schema,
    facts: dict[str, object] | None = None,
) -> None:
    """Write a small table from dictionaries; `facts` are stored as its metadata."""
    with table_writer(path, schema, facts) as writer:
        table = pa.Table.from_pylist(list(rows), schema=schema)
        writer.write({name: table.column(name) for name in schema.names})


def write_csv(path: Path, rows: Sequence[dict[str, object]], schema: pa.Schema) -> None:
    """Write a small table as CSV, for spreadsheets; cells without a value are empty."""
    with atomic_path(path) as temporary:
        pa.csv.write_csv(pa.Table.from_pylist(list(rows), schema=schema), temporary)


def read_table(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a table, or some of its columns. Raises StorageError if its schema is another."""
    check_schema(path, schema)
    return pq.read_table(path, columns=list(columns) if columns else None, partitioning=None)


def read_head(
    path: Path, schema: pa.Schema, head: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of one head of a per-layer table, or some of their columns.

    Only the row groups that may hold the head are read. This is done by hand because
    the filters of `pq.read_table` import pandas, a third of a second in every job.
    """
    check_schema(path, schema)
    with pq.ParquetFile(path) as file:
        groups = [n for n in range(file.num_row_groups) if _may_hold(file.metadata, n, head)]
        wanted = [*columns, "head"] if columns else None
        table = file.read_row_groups(groups, columns=wanted)
    rows = table.filter(pa.array(table.column("head").to_numpy() == head))
    return rows.select(list(columns)) if columns else rows


def _may_hold(metadata: pq.FileMetaData, group: int, head: int) -> bool:
    columns = (metadata.row_group(group).column(n) for n in range(metadata.num_columns))
    found = next(c.statistics for c in columns if c.path_in_schema == "head")
    return found is not None and bool(found.min <= head <= found.max)  # None: no rows


def read_facts(path: Path) -> dict[str, object]:
    """The facts that were stored with a table."""
    return json.loads(_schema_on_disk(path).metadata[_METADATA_KEY])


def _schema_on_disk(path: Path) -> pa.Schema:
    try:
        found = pq.read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path}: not a readable Parquet file ({error})") from None
    if _METADATA_KEY not in (found.metadata or {}):
        raise StorageError(f"{path}: not written by Head Atlas")
    return found


def check_schema(path: Path, schema: pa.Schema) -> None:
    """Raise StorageError if the table at `path` is not of this schema and version."""
    found = _schema_on_disk(path)
    version = json.loads(found.metadata[_METADATA_KEY])["version"]
    if version != VERSION:
        raise StorageError(f"{path}: format version {version}, this code reads {VERSION}")
    if not found.equals(schema, check_metadata=False):
        names = {f.name: f.type for f in found}
        wrong = [f.name for f in schema if names.get(f.name) != f.type] or list(names)
        raise StorageError(f"{path}: columns {', '.join(wrong)} are not as expected")

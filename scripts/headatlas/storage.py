"""Atomic files with a checked schema: what is on disk is whole and of the right shape."""

import glob
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from pydantic import ValidationError

from .arrow_alone import leave_pandas_out
from .errors import InputError
from .records.base import VERSION, Record

_METADATA_KEY, _CHECKSUM_KEY = b"headatlas", b"headatlas.crc32"
_ANEW = "delete it and run again: it is made anew"
R = TypeVar("R", bound=Record)


leave_pandas_out()


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
    except OSError as error:  # a full disk, say, of which a library does not say where it is
        if error.filename is None:
            error.filename = str(path)
        raise
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
    return _record_of(_bytes_of(path), kind, path)


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read the records of a file that has one on each line. Raises StorageError likewise."""
    return [_record_of(line, kind, path) for line in _bytes_of(path).splitlines()]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None


def _record_of(content: bytes, kind: type[R], path: Path) -> R:
    try:
        record = kind.model_validate_json(content)
    except ValidationError as error:
        _check_version(path, _stated_version(content))
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        problem = f"{where}: {first['msg']} (as a {kind.__name__})"
        raise StorageError(f"{path}: {problem}; {_ANEW}") from None
    _check_version(path, getattr(record, "version", VERSION))
    return record


def _stated_version(content: bytes) -> object:
    """The version that a record says it is of; this code's, where it says nothing."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return VERSION
    return found.get("version", VERSION) if isinstance(found, dict) else VERSION


def _check_version(path: Path, version: object) -> None:
    if version != VERSION:
        raise StorageError(f"{path}: format version {version}, this code reads {VERSION}; {_ANEW}")


def _stamped(schema: pa.Schema, facts: dict[str, object]) -> pa.Schema:
    stamp = json.dumps({"version": VERSION, **facts}, sort_keys=True).encode()
    # Pages have checksums of their own.
    return schema.with_metadata({_METADATA_KEY: stamp, _CHECKSUM_KEY: str(crc32(stamp))})


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
            write_page_checksum=True,
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


def read_table(
    path: Path,
    schema: pa.Schema,
    columns: Sequence[str] | None = None,
    where: Any = None,
) -> pa.Table:
    """Read a table, or some columns, or the rows that `where`, an Arrow expression, holds for.

    Raises StorageError if its schema is another or what it holds is not what was written.
    """
    check_schema(path, schema)
    wanted = list(columns) if columns else None
    with _undamaged(path):
        return pq.read_table(
            path, columns=wanted, filters=where, partitioning=None, page_checksum_verification=True
        )


def read_chunks(
    path: Path, schema: pa.Schema, columns: Sequence[str], size: int
) -> Iterator[pa.RecordBatch]:
    """Some columns of a table, at most `size` rows at a time. Raises StorageError likewise."""
    check_schema(path, schema)
    with _undamaged(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield from file.iter_batches(batch_size=size, columns=list(columns))


def count_rows(path: Path, schema: pa.Schema) -> int:
    """How many rows a table has. Raises StorageError likewise."""
    check_schema(path, schema)
    return pq.read_metadata(path).num_rows


def read_head(
    path: Path, schema: pa.Schema, head: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of one head of a per-layer table, or some of their columns.

    Only the row groups that may hold the head are read. This is done by hand:
    what filters for `pq.read_table` takes its time to import, in every job.
    """
    check_schema(path, schema)
    with _undamaged(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        groups = [n for n in range(file.num_row_groups) if _may_hold(file.metadata, n, head)]
        wanted = [*columns, "head"] if columns else None
        table = file.read_row_groups(groups, columns=wanted)
    rows = table.filter(pa.array(table.column("head").to_numpy() == head))
    return rows.select(list(columns)) if columns else rows


def _may_hold(metadata: pq.FileMetaData, group: int, head: int) -> bool:
    columns = (metadata.row_group(group).column(n) for n in range(metadata.num_columns))
    found = next(c.statistics for c in columns if c.path_in_schema == "head")
    if found is None or not found.has_min_max:
        return True
    return bool(found.min <= head <= found.max)


def read_facts(path: Path) -> dict[str, object]:
    """The facts that were stored with a table."""
    return _stamp(_schema_on_disk(path), path)


def check_schema(path: Path, schema: pa.Schema) -> None:
    """Raise StorageError if the table at `path` is not of this schema and version."""
    found = _schema_on_disk(path)
    _check_version(path, _stamp(found, path)["version"])
    if not found.equals(schema, check_metadata=False):
        names = {f.name: f.type for f in found}
        wrong = [f.name for f in schema if names.get(f.name) != f.type] or list(names)
        problem = f"columns {', '.join(wrong)} are not as expected"
        raise StorageError(f"{path}: {problem}; {_ANEW}")


def _schema_on_disk(path: Path) -> pa.Schema:
    if not path.is_file():
        raise StorageError(f"{path}: no such file")
    with _undamaged(path):
        found = pq.read_schema(path)
    if _METADATA_KEY not in (found.metadata or {}):
        raise StorageError(f"{path}: not written by Head Atlas; {_ANEW}")
    return found


def _stamp(schema: pa.Schema, path: Path) -> dict[str, Any]:
    stamp = schema.metadata[_METADATA_KEY]
    if schema.metadata.get(_CHECKSUM_KEY) != str(crc32(stamp)).encode():
        raise StorageError(f"{path}: damaged (its facts are not as they were written); {_ANEW}")
    return json.loads(stamp)


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """Turn what reading a damaged table raises into one sentence that names it."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise StorageError(f"{path}: damaged, or no Parquet file ({reason}); {_ANEW}") from None

"""Atlases as a data set: Parquet tables and a card, which `datasets.load_dataset(folder)` opens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import polars as pl
import pyarrow.parquet as pq
import yaml

from ..reading.atlas import Atlas
from ..records.events import EVENTS
from ..storage import read_chunks, write_record, write_text
from .labelled import TABLES, families_table, heads_table, labelled, table_of
from .meanings import meanings

CHUNK = 1024  # rows of exemplars at a time
# Of exemplars: attention of the random windows whole is left out, the largest weights are there.
EXEMPLARS = [name for name in EVENTS.names if name not in ("attention", "value_norm")]


class Table(NamedTuple):
    """A table of the data set as the card tells of it; of a column its name, type and meaning."""

    name: str
    rows: int
    columns: list[tuple[str, str, str]]

    @property
    def file(self) -> str:
        return f"data/{self.name}.parquet"


def write_dataset(
    atlases: Sequence[Atlas],
    folder: Path,
    env: jinja2.Environment,
    *,
    licence: str,
    exemplars: bool = False,
) -> None:
    """Write the tables of some atlases, their records and a card into `folder`.

    `licence` is that of the tables, as the Hugging Face hub names it. `exemplars` are windows of
    the corpus, whose licence is its own; one chunk of them is in memory at a time.
    """
    frames = {"heads": heads_table(atlases)}
    frames |= {name: table_of(atlases, name) for name in TABLES}
    frames["families"] = families_table(atlases)
    (folder / "data").mkdir(parents=True)
    tables = []
    for name, frame in frames.items():
        if frame.is_empty():
            continue  # no run has measured such a thing
        frame.write_parquet(folder / "data" / f"{name}.parquet")
        kinds = {column: str(kind) for column, kind in frame.schema.items()}
        tables.append(_table(name, len(frame), kinds))
    if exemplars:
        tables.append(_write_exemplars(atlases, folder / "data/exemplars.parquet"))
    for atlas in atlases:
        write_record(folder / "runs" / f"{atlas.run}.json", atlas.record)
    card = env.get_template("dataset_card.md").render(
        front=_front_matter(atlases, tables, licence),
        licence=licence,
        atlases=atlases,
        tables=tables,
        exemplars=exemplars,
    )
    write_text(folder / "README.md", card)


def _table(name: str, rows: int, kinds: dict[str, str]) -> Table:
    means = meanings(name)
    return Table(name, rows, [(c, kind, means.get(c, "")) for c, kind in kinds.items()])


def _front_matter(atlases: Sequence[Atlas], tables: Sequence[Table], licence: str) -> str:
    """What the hub and `load_dataset` read: the licence, and each table as a configuration.

    A data set that is not split has, by custom, one split called train.
    """
    models = ", ".join(dict.fromkeys(atlas.record.model for atlas in atlases))
    facts: dict[str, Any] = {
        "license": licence,
        "pretty_name": f"Head Atlas: attention heads of {models}",
        "tags": ["interpretability", "attention-heads", "explanations"],
        "configs": [
            {"config_name": table.name, "data_files": [{"split": "train", "path": table.file}]}
            | ({"default": True} if table.name == "heads" else {})
            for table in tables
        ],
    }
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)


def _write_exemplars(atlases: Sequence[Atlas], path: Path) -> Table:
    writer, rows = None, 0
    try:
        for atlas in atlases:
            for batch in read_chunks(atlas.folder / "raw_events.parquet", EVENTS, EXEMPLARS, CHUNK):
                frame = labelled(atlas, pl.DataFrame(pl.from_arrow(batch)))
                table = frame.to_arrow()
                writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
                writer.write_table(table)
                rows += len(frame)
                kinds = {column: str(kind) for column, kind in frame.schema.items()}
    finally:
        if writer:
            writer.close()
    return _table("exemplars", rows, kinds if rows else {})

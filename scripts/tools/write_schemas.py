"""Write the JSON schemas of everything that is on disk, from `headatlas.records`.

Of a JSON record, its JSON schema; of a table, the list of its columns.
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa

from headatlas.records.base import Record
from headatlas.records.registry import JSON_RECORDS, TABLES
from headatlas.storage import write_text


def record_schema(record: type[Record]) -> dict[str, object]:
    """The JSON schema of a record."""
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **record.model_json_schema()}


def table_columns(schema: pa.Schema) -> list[dict[str, object]]:
    """Name, Arrow type, nullability and description of each column."""
    return [
        {
            "name": column.name,
            "type": str(column.type),
            "nullable": column.nullable,
            "description": column.metadata[b"description"].decode(),
        }
        for column in schema
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = Path(__file__).parents[2] / "workflow" / "schemas"
    parser.add_argument("--out-dir", type=Path, default=default, help="folder of the schemas")
    args = parser.parse_args()
    schemas: dict[str, object] = {name: record_schema(kind) for name, kind in JSON_RECORDS.items()}
    schemas |= {name: table_columns(table) for name, table in TABLES.items()}
    for name, schema in schemas.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        write_text(args.out_dir / f"{name}.json", text)


if __name__ == "__main__":
    main()

"""Write the schemas of everything that is on disk, and of the configuration.

Of a JSON record, its JSON schema; of a table, the list of its columns: from `headatlas.records`.
Of the configuration, a JSON schema written as YAML: from `headatlas.settings`.
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa
import yaml

from headatlas.records.base import Record
from headatlas.records.registry import JSON_RECORDS, TABLES
from headatlas.settings.configuration import Configuration
from headatlas.settings.schema import DIALECT, schema_of
from headatlas.storage import write_text


def record_schema(record: type[Record]) -> dict[str, object]:
    """The JSON schema of a record."""
    return {"$schema": DIALECT, **record.model_json_schema()}


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


def configuration_schema() -> str:
    """The schema of config.yaml, as YAML."""
    made = yaml.safe_dump(schema_of(Configuration), sort_keys=False, allow_unicode=True, width=100)
    return f"# Written by scripts/tools/write_schemas.py from headatlas.settings.\n{made}"


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
    write_text(args.out_dir / "config.schema.yaml", configuration_schema())


if __name__ == "__main__":
    main()

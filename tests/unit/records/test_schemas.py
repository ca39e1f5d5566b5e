"""The schemas in the repository are those of the code."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
from places import ROOT

from headatlas.records.registry import JSON_RECORDS, TABLES

SCHEMAS = ROOT / "workflow" / "schemas"


def test_schemas_on_disk_are_what_the_script_writes(tmp_path: Path) -> None:
    script = ROOT / "scripts/tools/write_schemas.py"
    subprocess.run([sys.executable, script, "--out-dir", tmp_path], check=True)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    on_disk = {path.name: path.read_text() for path in SCHEMAS.iterdir()}
    assert on_disk == written, "run: python scripts/tools/write_schemas.py"


def test_every_record_and_table_has_a_schema() -> None:
    names = {path.stem for path in SCHEMAS.glob("*.json")}
    assert names == JSON_RECORDS.keys() | TABLES.keys()
    assert not JSON_RECORDS.keys() & TABLES.keys()  # one file each


def test_record_schemas_are_valid_and_closed() -> None:
    for name in JSON_RECORDS:
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        for part in [schema, *schema.get("$defs", {}).values()]:
            assert part["additionalProperties"] is False


def test_every_column_is_described() -> None:
    for name, table in TABLES.items():
        columns = json.loads((SCHEMAS / f"{name}.json").read_text())
        assert [column["name"] for column in columns] == table.names
        assert all(column["description"] for column in columns)

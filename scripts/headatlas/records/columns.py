"""Columns that several tables have."""

import pyarrow as pa


def field(name: str, kind: pa.DataType, description: str, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, {"description": description})


HEAD = [
    field("layer", pa.int16(), "layer of the head, from 0"),
    field("head", pa.int16(), "head within the layer, from 0"),
]

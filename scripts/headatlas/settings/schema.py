"""The JSON schema of settings, as messages about a configuration are made from it."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .base import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Titles are only those that fields state; null is a type among others; kinds are told."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        return {key: part for key, part in made.items() if key not in ("title", "description")}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return {**inner, "type": [inner["type"], "null"]}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        branches = super().tagged_union_schema(schema)["oneOf"]
        kinds = {"enum": list(schema["choices"])}
        return {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": kinds},
            "oneOf": branches,
        }


def schema_of(settings: type[Settings]) -> dict[str, Any]:
    """JSON schema of settings, in one piece: a section stands where it is allowed."""
    made = settings.model_json_schema(schema_generator=_Plain)
    found: dict[str, Any] = _in_place(made, made.pop("$defs", {}))
    return {"$schema": DIALECT, **found}


def _in_place(part: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_in_place(inner, known) for inner in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = known[part["$ref"].removeprefix("#/$defs/")] | part
    return {key: _in_place(inner, known) for key, inner in part.items() if key != "$ref"}

"""What settings allow, in words, from their JSON schema."""

from collections.abc import Mapping
from typing import Any

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a section of keys",
    "boolean": "true or false",
    "null": "null",
}
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "not empty",
}


def allowed(schema: Mapping[str, Any], value: Any = None) -> str:
    """In words, what a schema allows; `value` is what was given instead."""
    if "title" in schema:
        return str(schema["title"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = [_TYPES[name] for name in types]
    if types[0] == "string" and value is not None:
        words[0] += " without control characters" if isinstance(value, str) else " in quotes"
    limits = [text.format(schema[name]) for name, text in _LIMITS.items() if name in schema]
    return ", ".join(filter(None, (" or ".join(words), " and ".join(limits))))

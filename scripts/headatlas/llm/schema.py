"""How a server is asked for JSON of a certain kind."""

from typing import Any

from pydantic import BaseModel

from ..settings.endpoint import Sampling

# Keywords that servers agree on. Limits of numbers and lengths are not among them: they are
# checked when the reply is read.
_KEYWORDS = ("type", "description", "enum", "const")


def response_format(sampling: Sampling, kind: type[BaseModel]) -> dict[str, Any] | None:
    """The parameter of this name, by what the server can do; None: the prompt must suffice.

    Raises ValueError if `kind` cannot be had in the mode json_schema.
    """
    if sampling.output == "json_schema":
        form = {"name": kind.__name__, "schema": strict_schema(kind), "strict": True}
        return {"type": "json_schema", "json_schema": form}
    return {"type": "json_object"} if sampling.output == "json_object" else None


def strict_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of `kind` in the subset that strict decoding supports.

    Every object lists its keys, requires all of them and allows no others.
    Raises ValueError if `kind` holds an object whose keys are not known.
    """
    return _strict(kind.model_json_schema())


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:  # nothing may stand beside it
        return {"$ref": schema["$ref"]}
    strict = {word: schema[word] for word in _KEYWORDS if word in schema}
    if definitions := schema.get("$defs"):
        strict["$defs"] = {name: _strict(part) for name, part in definitions.items()}
    if choices := schema.get("anyOf", schema.get("oneOf")):
        strict["anyOf"] = [_strict(part) for part in choices]
    if "items" in schema:
        strict["items"] = _strict(schema["items"])
    if schema.get("type") == "object":
        if "properties" not in schema:
            raise ValueError(f"an object of any keys cannot be asked for: {schema}")
        strict["properties"] = {name: _strict(p) for name, p in schema["properties"].items()}
        strict["required"] = list(schema["properties"])
        strict["additionalProperties"] = False
    return strict

"""The configuration against its JSON schema: defaults, and what is wrong in words."""

import copy
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from ..settings.words import allowed
from .problem import near_match, sentence, shown

_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in names, paths and flags


def read_schema(path: Path) -> dict[str, Any]:
    """The JSON schema, which is written in YAML."""
    schema: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return schema


def filled(value: Any, schema: Mapping[str, Any]) -> Any:
    """A copy of `value` with the schema's defaults; a null section is one without keys."""
    schema = _of_kind(value, schema)
    if schema.get("type") == "object" and value is None:
        value = {}
    if not isinstance(value, Mapping):
        return copy.deepcopy(value)
    known = schema.get("properties", {})
    others = schema.get("additionalProperties") or {}
    defaults = {key: part["default"] for key, part in known.items() if "default" in part}
    return {
        key: filled(part, known.get(key, others)) for key, part in {**defaults, **value}.items()
    }


def problems(config: Mapping[Any, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """What the schema does not allow in `config`, each in a sentence."""
    for error in _Validator(schema).iter_errors(config):
        yield from _sentences(error)


def _of_kind(value: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The branch of a `oneOf` for the value's kind; the schema itself where there is none."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    branches: list[Mapping[str, Any]] = schema.get("oneOf", [])
    for branch in branches:
        if branch["properties"]["kind"]["const"] == kind:
            return branch
    return schema


def _one_of(
    validator: Any, branches: list[Any], value: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Errors in the branch of the value's kind, not that no branch is valid."""
    branch = _of_kind(value, schema)
    if branch is not schema:
        yield from validator.descend(value, branch)


def _is_integer(checker: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # 8.0 is not, as a flag


def _is_number(checker: Any, value: Any) -> bool:
    return _is_integer(checker, value) or (isinstance(value, float) and math.isfinite(value))


def _is_string(checker: Any, value: Any) -> bool:
    return isinstance(value, str) and not _UNWRITABLE.search(value)


_Validator = extend(
    Draft202012Validator,
    {"oneOf": _one_of},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number, "string": _is_string}
    ),
)


def _sentences(error: ValidationError) -> Iterator[str]:
    key, schema, value = _key(error), error.schema, error.instance
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        kind = schema["properties"].get("kind", {}).get("const")
        unknown = f"unknown key of kind {kind}" if kind else "unknown key"
        for name in value.keys() - set(known):
            hint = near_match(name, known)
            yield sentence(_join(key, name), unknown + hint, ", ".join(known))
    elif error.validator == "required":
        for name in set(schema["required"]) - value.keys():
            yield sentence(_join(key, name), "missing", allowed(schema["properties"][name]))
    elif schema.get("writeOnly"):
        problem = "this value, which may hold a secret and is not repeated, is not allowed"
        yield sentence(key, problem, allowed(schema, value))
    else:
        yield sentence(key, f"{shown(value)} is not allowed", allowed(schema, value))


def _key(error: ValidationError) -> str:
    key = ""
    for part in error.absolute_path:
        key = f"{key}[{part}]" if isinstance(part, int) else _join(key, part)
    return key


def _join(section: str, name: Any) -> str:
    name = str(name) if str(name).isprintable() else shown(name)
    return f"{section}.{name}" if section else name

"""The text of a row of JSON lines or of a dataset."""

from ..errors import InputError


def text_of(row: object, field: str, where: str) -> str:
    """Text in a field of a row; null is no text. Raises InputError naming `where` otherwise."""
    if not isinstance(row, dict):
        raise InputError(f"{where}: a {type(row).__name__}, where an object with fields is needed")
    if field not in row:
        found = ", ".join(map(repr, sorted(row))) or "none"
        raise InputError(f"{where}: no field {field!r}; the fields are {found}")
    text = row[field]
    if text is not None and not isinstance(text, str):
        raise InputError(f"{where}: field {field!r} is a {type(text).__name__}, not text")
    return text or ""

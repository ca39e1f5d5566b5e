"""How a problem with the configuration is put into words."""

import difflib
from collections.abc import Iterable
from typing import Any

from ..errors import InputError

_LONGEST = 80


class ConfigurationError(InputError):
    """The configuration cannot be used; one sentence for each problem."""

    def __init__(self, problems: Iterable[str]):
        lines = sorted(problems)
        if len(lines) > 1:
            lines.insert(0, f"config.yaml: {len(lines)} problems:")
        super().__init__("\n".join(lines))


def sentence(key: str, problem: str, allowed: str) -> str:
    """`config.yaml: KEY: PROBLEM; allowed: ALLOWED`, in one line."""
    return ": ".join(filter(None, ("config.yaml", key, f"{problem}; allowed: {allowed}")))


def shown(value: Any) -> str:
    """A value as YAML writes it, quoted if it is text, cut if it is long.

    What stands before an @ may be a password, and messages get into logs: it is not repeated.
    """
    text = {"None": "null", "True": "true", "False": "false"}.get(repr(value), repr(value))
    before, at, after = text.rpartition("@")
    text = f"{before[:1]}…@{after}" if at else text
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def near_match(value: Any, options: Iterable[str]) -> str:
    """` (did you mean OPTION?)`, or nothing where no option is like the value."""
    nearest = difflib.get_close_matches(str(value), list(options), 1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""

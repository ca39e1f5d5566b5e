"""Names of heads, read without what records need."""

import re

_HEAD = re.compile(r"L(\d+)H(\d+)")


def parse_head(name: str) -> tuple[int, int]:
    """Layer and head of a name such as L03H11. Raises ValueError if it is none."""
    match = _HEAD.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not the name of a head")
    return int(match[1]), int(match[2])

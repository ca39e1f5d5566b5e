"""Head Atlas: explain, test and group the attention heads of a transformer."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def open_atlas(path: Any) -> Any:
    """The finished atlas in a folder, or of the one run below it: a `reading.atlas.Atlas`."""
    return _reading().open_atlas(path)


def open_atlases(path: Any) -> Any:
    """All finished atlases in a folder such as `results`, as a list."""
    return _reading().open_atlases(path)


def _reading() -> Any:
    # By its name: what an import statement here named would be imported by every script, and
    # a change of it would rerun every job.
    return import_module("headatlas.reading.atlas")

"""What prompts and pages look like, kept in files that a person has read."""

import os
import re

from places import GOLDEN

_SHEET = re.compile(r"<style>.*?</style>", re.S)


def expect_golden(name: str, made: str) -> None:
    """Compare with the golden file `name`; with UPDATE_GOLDEN=1 write it anew first.

    The style sheet that every page embeds is left out: a change of it is seen in a browser.
    """
    made = _SHEET.sub("<style></style>", made)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        (GOLDEN / name).write_bytes(made.encode())
    assert made == (GOLDEN / name).read_bytes().decode()

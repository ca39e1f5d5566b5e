"""Text of others on a terminal."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT

from headatlas.printable import printable

PIECES = st.lists(st.sampled_from("\x1b[]m;0\x9b\x9d\x07\\aé\n\t\r\x00P^_"), max_size=30)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é שלום \t\n", "plain é שלום \t\n"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hclear", "clear"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link", "alink"),
        ("\x9b31mred \x9d0;title\x9cb", "red b"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1bcreset", "reset"),
        ("over\rwritten\r\n", "over\nwritten\n"),
        ("\x1b]0;never closed", "0;never closed"),
        ("nul\x00 bell\x07 back\x08 delete\x7f", "nul bell back delete"),
        ("half \ud83d", "half ?"),
        ("\x1b", ""),
    ],
)
def test_what_is_left(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(PIECES)
def test_nothing_is_left_that_a_terminal_obeys(pieces: list[str]) -> None:
    left = printable("".join(pieces))
    assert not [c for c in left if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
    assert printable(left) == left


@pytest.mark.parametrize("piece", ["\x1b]", "\x9d", "\x1b[", "\x1b]0;\x1b", "\x1b[1;"])
def test_a_long_text_takes_no_longer_than_it_must(piece: str) -> None:
    began = time.monotonic()
    printable(piece * 500_000)
    assert time.monotonic() - began < 10


def test_the_error_of_a_script_is_printable() -> None:
    code = (
        "from headatlas.errors import InputError, reported\n"
        "@reported\ndef main(): raise InputError('wrong \\x1b[31mred\\x07')\nmain()"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT / "scripts")
    assert (done.returncode, done.stderr) == (1, "error: wrong red\n")

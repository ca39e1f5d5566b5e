"""Which tokens delimit; the metric of heads and the classes of the explainer share it."""

import pytest

from headatlas.explainers.symbolic.classes import piece_classes
from headatlas.tokens.delimiters import is_delimiter

OPERATORS = [*"=+*/<>_#@%&|^~\\$-", " +=", " ->", '="']


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        *((piece, True) for piece in (",", " (", "\n    ", "):\n", "\r", '"', " —", "...", "…")),
        *((piece, True) for piece in (") .", "。", "「", "），", "“", " = 1\n")),
        *((piece, False) for piece in (" a.", " ", "", "it's", "\x00", "😀", "<|endoftext|>")),
        *((piece, False) for piece in OPERATORS),
    ],
)
def test_delimiters(piece: str, expected: bool) -> None:
    assert is_delimiter(piece) is expected
    assert ("delimiter" in piece_classes(piece)) is expected

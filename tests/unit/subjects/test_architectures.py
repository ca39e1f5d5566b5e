"""Attention, z and activation of many architectures are those of transformers itself."""

from pathlib import Path

import pytest
from architecture_list import ARCHITECTURES, Architecture
from architectures import compare, quiet, write_model
from places import ROOT

_HALF = 2**-10  # activations are stored in half precision


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.kind)
def test_heads_are_read_as_transformers_has_them_or_refused(
    architecture: Architecture, tmp_path: Path
) -> None:
    with quiet():
        write_model(architecture, tmp_path)
        found = compare(architecture, tmp_path)
    assert found.seconds < 10
    if architecture.refused:
        assert found.refused is not None and architecture.refused in found.refused
        assert "\n" not in found.refused
        return
    assert found.refused is None
    assert found.layers >= 1
    assert found.pattern < 2e-5
    assert found.z < 2e-5
    assert found.activation < 2 * _HALF


def test_the_page_has_a_row_for_each_and_there_are_many() -> None:
    page = (ROOT / "benchmarks/architectures.md").read_text()
    for architecture in ARCHITECTURES:
        row = f"| {architecture.kind} | {architecture.special} | "
        assert row in page
        assert (f"{row}refused: " in page) == bool(architecture.refused)
    assert len({a.kind for a in ARCHITECTURES if not a.refused}) >= 40

"""What is said of a variant, by its row in the table of a study."""

from typing import Any

import pytest

from headatlas.studies.findings import findings


def row(**changed: Any) -> dict[str, Any]:
    found = {"variant": "model.dtype=float16", "reference": "", "measure": "attention_correlation"}
    found |= {"difference": 0.1, "difference_low": 0.05, "difference_high": 0.15, "pairs": 7}
    return found | {"p": 0.01, "p_adjusted": 0.01, "detectable": 0.2, "paired": True} | changed


@pytest.mark.parametrize(
    ("paired", "heads"),
    [(True, "7 heads."), (False, "7 heads at least, of other models, unpaired.")],
)
def test_heads_of_another_model_are_said_to_be_unpaired(paired: bool, heads: str) -> None:
    (found,) = findings([row(paired=paired)], ["attention_correlation"])
    assert found.apart and found.text.endswith(f": 0.100 [0.050, 0.150], over {heads}")

"""The passes that ablation needs, counted by hand."""

import pytest
from ablation_cost import needed


def test_passes_are_counted_by_the_weights_that_are_run() -> None:
    # Two layers of weight 1 and an end of weight 2: a whole pass is 4. Layer 0: 1 for the
    # reference, 4 as the model is, twice 4 without the head, 2 for its direct effect; layer 1:
    # 2, 4, twice 3, 2.
    assert needed(2, 1, 1, 2, tests=1, references=1) == pytest.approx((15 + 14) / 4)
    assert needed(2, 1, 1, 2, tests=3, references=0) == pytest.approx(3 * (14 + 12) / 4)

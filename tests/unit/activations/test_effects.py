"""Which passes are made, and what is told of them, against values worked out by hand."""

import numpy as np
import pytest

from headatlas.activations.effects import (
    OWN,
    Case,
    Losses,
    by_layer,
    loss_recovered,
    many_heads,
    overlap,
    rows,
    single_heads,
)

ORDER = [(1, 0), (0, 2), (1, 1), (0, 0), (0, 1)]


def losses(*values: float) -> Losses:
    return Losses(np.array(values), np.full(len(values), 0.5))


def test_passes_are_of_heads_layers_and_shares_in_the_order_given() -> None:
    found = [*single_heads(ORDER), *many_heads(ORDER)]
    assert len(found) == 5 * 4 + 2 * 5 + 5 * 5
    assert len({(c.scope, c.which, c.variant) for c in found}) == len(found)
    shares = {c.which: c.heads for c in found if c.scope == "share"}
    assert shares["10"] == ((1, (0,)),)  # a tenth of five is at least one
    assert shares["50"] == ((0, (2,)), (1, (0, 1)))
    assert shares["100"] == by_layer(ORDER) == ((0, (0, 1, 2)), (1, (0, 1)))
    assert {c.which: c.heads for c in found if c.scope == "layer"} == {
        "0": ((0, (0, 1, 2)),),
        "1": ((1, (0, 1)),),
    }
    assert [c.which for c in found[:20:4]] == ["L00H00", "L00H01", "L00H02", "L01H00", "L01H01"]
    assert all(c.number == 1 for c in found if c.scope == "head")


def test_rows_by_hand() -> None:
    """Off, each window loses 2 nats; by the explanation 0.5 and 1."""
    own, off, told = losses(3, 5), losses(5, 7), losses(3.5, 6)
    found = {
        OWN: own,
        Case("head", "L00H01", ((0, (1,)),), "off"): off,
        Case("head", "L00H01", ((0, (1,)),), "explanation"): told,
    }
    model, gone, explained = rows(own, found, 200, 0)
    assert (model["loss"], model["ratio"], model["recovered"]) == (4, 1, None)
    assert gone["loss"] == 6 and gone["ratio"] == pytest.approx(np.exp(2))
    assert gone["recovered"] is None, "what is off recovers nothing, and says nothing"
    assert explained["loss"] == 4.75 and explained["ratio"] == pytest.approx(np.exp(0.75))
    assert explained["low"] == pytest.approx(np.exp(0.5))
    assert explained["high"] == pytest.approx(np.exp(1))
    assert explained["recovered"] == pytest.approx(1 - 0.75 / 2)
    assert explained["recovered_low"] == pytest.approx(0.5)
    assert explained["recovered_high"] == pytest.approx(0.75)
    assert explained["kl"] == 0.5 and explained["n"] == 2


def test_nothing_is_recovered_where_nothing_is_lost() -> None:
    more = np.array([0.1, 0.1, 0.1])
    assert loss_recovered(more, np.array([0.2, -0.1, 0.3]), 5).value is None
    assert loss_recovered(more, np.array([-0.2, -0.1, -0.3]), 5).value is None
    assert loss_recovered(more, np.array([0.2, 0.2, 0.2]), 5).value == pytest.approx(0.5)


def test_overlap_of_the_same_is_one_and_of_nothing_shared_zero() -> None:
    own = np.array([[[[1.0, 0.0], [0.5, 0.5]]], [[[1.0, 0.0], [1.0, 0.0]]]])
    both, either = overlap(own, own)
    assert (both / either).tolist() == [1, 1]
    both, either = overlap(own, own[:, :, :, ::-1])
    assert (both / either).tolist() == [1 / 3, 0]

"""Random heads beside a family, and what is lost without both, by hand."""

import numpy as np
import pytest

from headatlas.dependence.families import figures, random_sets

EVERY = [(layer, head) for layer in range(2) for head in range(4)]


def test_random_sets_have_as_many_heads_of_each_layer_and_none_of_the_family() -> None:
    family = [(0, 1), (1, 2), (1, 3)]
    sets = random_sets(family, EVERY, 20, np.random.default_rng(0))
    assert len(sets) == 20
    for heads in sets:
        assert [layer for layer, _ in heads] == [0, 1, 1]
        assert len(set(heads)) == 3 and not set(heads) & set(family)
    assert {head for heads in sets for layer, head in heads if layer == 0} == {0, 2, 3}


def test_layers_without_enough_other_heads_have_none() -> None:
    family = [(0, 1), (1, 0), (1, 1), (1, 2)]
    assert random_sets(family, EVERY, 3, np.random.default_rng(0)) == []


def test_figures_are_means_over_windows_and_draws() -> None:
    family = np.array([1.0, 2.0, 3.0])
    random = np.array([[0.5, 0.5, 0.5], [1.0, 1.0, 1.0]])
    found = dict(figures(family, random, 2, 500, np.random.default_rng(0)))
    assert found["loss"].value == pytest.approx(2.0)
    assert found["random"].value == pytest.approx(0.75)
    assert found["difference"].value == pytest.approx(1.25)
    assert (found["loss"].n, found["random"].n) == (3, 2)
    low, high = found["random"].low, found["random"].high
    assert low == pytest.approx(0.5) and high == pytest.approx(1.0)
    assert found["difference"].low is not None and found["difference"].low > 0


def test_it_is_said_why_there_is_nothing_beside_it() -> None:
    family, none = np.array([1.0, 2.0]), np.zeros((0, 2))
    rng = np.random.default_rng(0)
    found = dict(figures(family, none, 5, 10, rng))
    assert found["random"].value is None
    assert "not as many other heads" in str(found["difference"].reason)
    assert "no random heads were drawn" in str(
        dict(figures(family, none, 0, 10, rng))["random"].reason
    )

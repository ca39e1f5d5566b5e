"""Forward selection on planted heads: what is there is found, and no more."""

import numpy as np
import pytest
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit.features import FeatureTable, TokenSet
from headatlas.explainers.logit.gains import Frequent
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour, Logit
from headatlas.explainers.logit.selection import Selection, Texts, select
from headatlas.explainers.symbolic.language import parse_source, parse_trigger

ANY = parse_trigger("any")
KERNEL = tuple(float(np.exp(-i)) for i in range(N_BINS))


@pytest.fixture(scope="module")
def texts() -> Texts:
    rng = np.random.default_rng(0)
    train = FeatureTable(windows_of(rng, *[64] * 10))
    return Texts(train, FeatureTable(windows_of(rng, *[64] * 6)), Frequent(train))


def selected(
    texts: Texts, *behaviours: Behaviour, noise: float = 0.02, **how: float | int
) -> Selection:
    """What is found of a head with these behaviours and a share of noise."""
    logit, rng = Logit(KERNEL, 2.0, behaviours), np.random.default_rng(1)
    heads = []
    for table in (texts.train, texts.validation):
        windows = table.windows
        mixed = (1 - noise) * logit.predict(windows) + noise * random_rows(rng, windows)
        heads.append(windows.grid.normalised(mixed))
    return select(*heads, texts, **how)


def test_planted_behaviours_are_found_with_their_weights(texts: Texts) -> None:
    planted = (
        Behaviour(parse_source("after(same_token, all)"), ANY, 3.5),
        Behaviour(TokenSet("key", (3, 9)), ANY, 2.0),
        Behaviour(parse_source("last(digit)"), parse_trigger("class(capitalised)"), 4.0),
    )
    found = selected(texts, *planted, noise=0.0, ridge=0.1)
    assert found.converged
    weights = {(b.source, b.trigger): b.weight for b in found.logit.behaviours}
    for behaviour in planted:
        assert weights[behaviour.source, behaviour.trigger] == pytest.approx(
            behaviour.weight, abs=0.5
        )
    assert len(weights) == len(planted)
    assert all(gain >= 0.01 for gain in found.gains)


def test_a_head_of_distance_alone_has_no_behaviour(texts: Texts) -> None:
    found = selected(texts)
    assert found.logit.behaviours == ()
    assert found.logit == found.position


def test_noise_has_no_behaviour(texts: Texts) -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        heads = [random_rows(rng, t.windows) for t in (texts.train, texts.validation)]
        assert select(*heads, texts).logit.behaviours == ()


def test_no_more_than_asked_for(texts: Texts) -> None:
    planted = [
        Behaviour(TokenSet("key", (3, 9)), ANY, 3.0),
        Behaviour(parse_source("after(same_token, all)"), ANY, 3.0),
    ]
    found = selected(texts, *planted, max_behaviours=1)
    assert len(found.logit.behaviours) == len(found.gains) == 1


def test_twice_the_same_to_the_byte(texts: Texts) -> None:
    planted = Behaviour(TokenSet("before_key", (3, 9)), ANY, 3.0)
    assert repr(selected(texts, planted)) == repr(selected(texts, planted))


def test_a_prediction_is_a_distribution(texts: Texts) -> None:
    found = selected(texts, Behaviour(parse_source("current_token"), parse_trigger("late"), -3.0))
    assert found.logit.behaviours
    windows = texts.validation.windows
    np.testing.assert_allclose(windows.grid.row_sums(found.logit.predict(windows)), 1)

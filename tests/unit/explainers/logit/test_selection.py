"""Forward selection on planted heads: what is there is found, and no more."""

import numpy as np
import pytest
from logit_windows import random_rows, windows_of

from headatlas.explainers.logit import selection
from headatlas.explainers.logit.features import KINDS, FeatureTable
from headatlas.explainers.logit.gains import Frequent
from headatlas.explainers.logit.grid import N_BINS
from headatlas.explainers.logit.model import Behaviour, Logit
from headatlas.explainers.logit.selection import Selection, Texts, above_zero, select
from headatlas.explainers.symbolic.language import (
    EVERYTHING,
    SOURCE_LISTS,
    parse_source,
    parse_trigger,
)

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
    logit, rng = Logit(KERNEL, (2.0,) * N_BINS, 0.0, behaviours), np.random.default_rng(1)
    heads = []
    for table in (texts.train, texts.validation):
        mixed = (1 - noise) * logit.predict(table) + noise * random_rows(rng, table.grid)
        heads.append(table.grid.normalised(mixed))
    return select(*heads, texts, **how)


def test_planted_behaviours_are_found_with_their_weights(texts: Texts) -> None:
    planted = (
        Behaviour(parse_source("after(same_token, all)"), ANY, 3.5),
        Behaviour(parse_source("last(digit)"), parse_trigger("class(capitalised)"), 4.0),
    )
    found = selected(texts, *planted, noise=0.0, ridge=0.1)
    assert found.converged
    weights = {(b.source, b.trigger): b.weight for b in found.logit.behaviours if not b.by}
    for behaviour in planted:
        assert weights[behaviour.source, behaviour.trigger] == pytest.approx(
            behaviour.weight, abs=0.5
        )
    assert all(gain >= 0.01 for gain in found.gains)


@pytest.mark.parametrize("place", SOURCE_LISTS)
def test_a_planted_list_is_found_with_a_weight_for_each_token(texts: Texts, place: str) -> None:
    planted = Behaviour(parse_source(f"{place}(3, 9)"), ANY, 0.0, "token", (3.0, 1.5))
    (found, *others) = selected(texts, planted, noise=0.0, ridge=0.1).logit.behaviours
    assert not others
    assert (found.source.name, found.by) == (place, "token")
    weights = dict(zip(found.feature.tokens, found.weights, strict=True))
    assert weights == pytest.approx({3: 3.0, 9: 1.5}, abs=0.3)
    assert 1.5 < found.weight < 3


def test_planted_preferences_for_kinds_of_keys_are_found(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With ten kinds of token, each of one or two, a list says it in fewer weights.
    monkeypatch.setattr(selection, "PROFILE", 1.0)
    liked = tuple(3.0 if kind in ("digit", "capitalised") else 0.0 for kind in KINDS)
    planted = Behaviour(EVERYTHING, ANY, 0.0, "key_kind", liked)
    (found, *_) = selected(texts, planted, noise=0.0, ridge=0.1).logit.behaviours
    assert (found.source, found.trigger, found.by) == (EVERYTHING, ANY, "key_kind")
    by_kind = dict(zip(KINDS, found.weights, strict=True))
    assert by_kind["digit"] - by_kind["word"] == pytest.approx(3, abs=0.3)


def test_what_one_weight_tells_nearly_as_well_is_no_profile(texts: Texts) -> None:
    liked = tuple(3.0 if kind == "digit" else 0.3 * (kind == "comma") for kind in KINDS)
    planted = Behaviour(EVERYTHING, ANY, 0.0, "key_kind", liked)
    (found, *_) = selected(texts, planted, noise=0.0, ridge=0.1).logit.behaviours
    assert str(found.feature) == "all(digit) when any"


def test_intervals_are_narrow_around_what_all_windows_share(texts: Texts) -> None:
    planted = Behaviour(parse_source("after(same_token, all)"), ANY, 3.0)
    (found,) = selected(texts, planted, noise=0.1).logit.behaviours
    assert found.low < found.weight < found.high
    assert found.high - found.low < 1


def test_a_gain_of_few_windows_is_not_sure() -> None:
    assert above_zero(np.full(8, 1.0))
    assert not above_zero(np.array([30.0, *[-1.0] * 7]))
    assert not above_zero(np.array([1.0]))
    assert not above_zero(np.zeros(8))


def test_a_head_of_distance_alone_has_no_behaviour(texts: Texts) -> None:
    found = selected(texts)
    assert found.logit.behaviours == ()
    assert found.logit == found.position


def test_noise_has_no_behaviour(texts: Texts) -> None:
    rng = np.random.default_rng(5)
    for _ in range(10):
        heads = [random_rows(rng, t.grid) for t in (texts.train, texts.validation)]
        assert select(*heads, texts).logit.behaviours == ()


def test_attention_to_other_text_has_no_behaviour(texts: Texts) -> None:
    """A head of strong behaviours, its windows held against the text of their neighbours."""
    planted = (
        Behaviour(parse_source("after(same_token, all)"), ANY, 3.5),
        Behaviour(parse_source("tokens(3, 9)"), ANY, 0.0, "token", (3.0, 2.0)),
    )
    logit, heads = Logit(KERNEL, (2.0,) * N_BINS, 0.0, planted), []
    for table in (texts.train, texts.validation):
        by_window = logit.predict(table).reshape(len(table.grid.lengths), -1)
        heads.append(np.roll(by_window, 1, axis=0).ravel())
    assert select(*heads, texts).logit.behaviours == ()


def test_no_more_than_asked_for(texts: Texts) -> None:
    planted = [
        Behaviour(parse_source("tokens(3, 9)"), ANY, 3.0, "token", (3.0, 3.0)),
        Behaviour(parse_source("after(same_token, all)"), ANY, 3.0),
    ]
    found = selected(texts, *planted, max_behaviours=1)
    assert len(found.logit.behaviours) == len(found.gains) == 1


def test_twice_the_same_to_the_byte(texts: Texts) -> None:
    planted = Behaviour(parse_source("after_tokens(3, 9)"), ANY, 3.0, "token", (3.0, 3.0))
    assert repr(selected(texts, planted)) == repr(selected(texts, planted))


def test_a_prediction_is_a_distribution(texts: Texts) -> None:
    found = selected(texts, Behaviour(parse_source("current_token"), parse_trigger("late"), -3.0))
    assert found.logit.behaviours
    table = texts.validation
    np.testing.assert_allclose(table.grid.row_sums(found.logit.predict(table)), 1)

"""What is asked: heads with their own and another's explanation, catch trials, and the order."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rating_factory import HEADS, PIECES, TOKENS, write_atlas

from headatlas.errors import InputError
from headatlas.event_rows import events_of
from headatlas.rating.passages import exemplars, unseen
from headatlas.rating.study import Atlas, Plan, draw_units, ordered, read_atlas
from headatlas.records.events import EVENTS
from headatlas.storage import read_table

PLAN = Plan(heads=6, catch=2, repeats=3, windows=2, seed=0)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return read_atlas(write_atlas(tmp_path_factory.mktemp("run")), None)


def test_every_head_has_its_own_explanation_and_its_first_control(atlas: Atlas) -> None:
    units = draw_units(atlas, PLAN)
    assert Counter(unit.kind for unit in units) == {"true": 6, "control": 6, "catch": 2}
    for unit in units:
        own, other = (unit.layer, unit.head), (unit.other_layer, unit.other_head)
        assert unit.title == f"Title {other[0]}.{other[1]} <b>\u202e"
        steps = {"true": 0, "control": 1, "catch": 3}
        assert (HEADS.index(own) + steps[unit.kind]) % len(HEADS) == HEADS.index(other)
    assert [u for u in units if u.kind == "true"] != [
        u for u in draw_units(atlas, PLAN.model_copy(update={"seed": 1})) if u.kind == "true"
    ]


def test_catch_trials_are_the_controls_least_like_the_head(atlas: Atlas) -> None:
    catches = [u for u in draw_units(atlas, PLAN) if u.kind == "catch"]
    assert [(u.layer, u.head) for u in catches] == HEADS[:2]  # similarity 0 and 0.01


def test_a_twin_is_no_control_and_no_catch(atlas: Atlas) -> None:
    twins = [{**row, "relation": "twin"} for row in atlas.controls]
    with pytest.raises(InputError, match="0 heads have an explanation and a control"):
        draw_units(atlas._replace(controls=twins), PLAN)


def test_windows_and_exemplars_are_those_of_the_head_not_of_the_explanation(atlas: Atlas) -> None:
    units = draw_units(atlas, PLAN)
    for true, control in zip(units[:6], units[6:12], strict=True):
        assert true.unseen == control.unseen and true.exemplars == control.exemplars
        assert {w.window for w in true.unseen} <= {100, 101, 102, 103} and len(true.unseen) == 2


def test_what_is_shown_of_a_window(atlas: Atlas) -> None:
    events = events_of(read_table(atlas.events, EVENTS))
    mine = events[:14]  # the first head: active at 1, 7, 13 and 19
    shown = exemplars(mine)
    assert len(shown) == 8
    assert shown[0].query == 7 and shown[0].levels[7] == 9 and not shown[0].cut
    assert shown[0].keys == {6: pytest.approx(0.7), 5: pytest.approx(0.2)}
    (first, *_) = unseen(mine, 9, np.random.default_rng(0))
    assert [at for at, active in enumerate(first.active) if active] == [1, 7, 13, 19]
    both = zip(first.active, first.inactive, strict=True)
    assert not first.inactive[0] and not any(map(all, both))
    assert first.pieces == [PIECES[at % len(PIECES)] for at in range(TOKENS)]


@pytest.mark.parametrize("rater", [1, 2, 3])
def test_the_order_is_balanced(atlas: Atlas, rater: int) -> None:
    units = draw_units(atlas, PLAN)
    trials = ordered(units, PLAN, rater, np.random.default_rng(rater))
    assert len(trials) == 12 + 2 + 3
    assert sorted(n for n, repeats in trials if repeats is None) == list(range(14))
    first, seen = [units[n] for n, _ in trials[:7]], set()
    assert Counter(unit.kind for unit in first) == {"true": 3, "control": 3, "catch": 1}
    for unit in first:
        if unit.kind != "catch":
            assert (unit.layer, unit.head) not in seen
            seen.add((unit.layer, unit.head))
    for place, (number, repeats) in enumerate(trials):
        if repeats is not None:
            assert trials[repeats] == (number, None) and place > 7 > repeats


def test_the_next_rater_begins_with_the_other_half(atlas: Atlas) -> None:
    units = draw_units(atlas, PLAN)

    def begins_with(rater: int) -> set[int]:
        trials = ordered(units, PLAN, rater, np.random.default_rng(rater))
        return {n for n, _ in trials[:7] if units[n].kind == "true"}

    assert begins_with(1).isdisjoint(begins_with(2)) and begins_with(1) == begins_with(3)


def test_what_is_no_atlas_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished atlas; allowed: a folder such as"):
        read_atlas(tmp_path, None)

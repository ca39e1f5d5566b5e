"""What is lost without each part of a model."""

from dataclasses import replace

import numpy as np
import pytest
from planted_windows import planted, sampled_contexts, seen_of

from headatlas.explainers.logit.gains import Frequent
from headatlas.explainers.logit.importance import Importance
from headatlas.explainers.logit.selection import Texts, select
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.language import parse_trigger


def seen(seed: int, rules: list[tuple[str, str, float]]) -> Seen:
    rng = np.random.default_rng(seed)
    return seen_of([planted(context, rules, rng) for context in sampled_contexts(rng)])


def test_what_another_part_tells_as_well_is_not_needed() -> None:
    """Induction twice over: neither is missed alone, while both together are."""
    train, held_out = (seen(n, [("after(same_token, last)", "any", 0.8)]) for n in (1, 2))
    texts = Texts(train.table, held_out.table, Frequent(train.table))
    found = select(train.attention, held_out.attention, texts, max_behaviours=1).logit
    (only,) = found.behaviours
    both = (train.attention, train.table), (held_out.attention, held_out.table)
    alone = Importance(found, *both)
    assert alone.behaviours([0]) > 0.5
    half = replace(only, weight=only.weight / 2)
    twin = replace(half, trigger=parse_trigger("seen_before"))
    twice = Importance(replace(found, behaviours=(half, twin)), *both)
    assert max(twice.behaviours([0]), twice.behaviours([1])) < 0.1
    assert twice.behaviours([0, 1]) == pytest.approx(alone.behaviours([0]), abs=0.05)


def test_distance_is_needed_where_it_decides() -> None:
    train, held_out = (seen(n, [("previous_token", "any", 0.8)]) for n in (1, 2))
    texts = Texts(train.table, held_out.table, Frequent(train.table))
    found = select(train.attention, held_out.attention, texts, max_behaviours=1).logit
    needed = Importance(found, (train.attention, train.table), (held_out.attention, held_out.table))
    assert needed.distance > 0.5

"""What is lost without each part of a model."""

import numpy as np
from planted_windows import planted, sampled_contexts, seen_of

from headatlas.explainers.logit.gains import Frequent
from headatlas.explainers.logit.importance import lost_without
from headatlas.explainers.logit.model import Behaviour
from headatlas.explainers.logit.selection import Texts, select
from headatlas.explainers.symbolic.activity import Seen
from headatlas.explainers.symbolic.language import parse_trigger


def seen(seed: int, rules: list[tuple[str, str, float]]) -> Seen:
    rng = np.random.default_rng(seed)
    return seen_of([planted(context, rules, rng) for context in sampled_contexts(rng)])


def test_what_another_part_tells_as_well_is_not_needed() -> None:
    """Induction twice over: neither is missed, while the first token is."""
    train, held_out = (seen(n, [("after(same_token, last)", "any", 0.8)]) for n in (1, 2))
    texts = Texts(train.table, held_out.table, Frequent(train.table))
    found = select(train.attention, held_out.attention, texts, max_behaviours=1).logit
    (only,) = found.behaviours
    both = (train.attention, train.table), (held_out.attention, held_out.table)
    alone = lost_without(found, *both)
    assert alone.behaviours[0] > 0.5
    assert alone.first > 0.1
    twin = Behaviour(only.source, parse_trigger("seen_before"), only.weight, only.by, only.weights)
    twice = lost_without(type(found)(found.kernel, found.first, found.second, (only, twin)), *both)
    assert max(twice.behaviours) < 0.2 * alone.behaviours[0]


def test_distance_is_needed_where_it_decides() -> None:
    train, held_out = (seen(n, [("previous_token", "any", 0.8)]) for n in (1, 2))
    texts = Texts(train.table, held_out.table, Frequent(train.table))
    found = select(train.attention, held_out.attention, texts, max_behaviours=1).logit
    lost = lost_without(found, (train.attention, train.table), (held_out.attention, held_out.table))
    assert lost.distance > 0.5
    assert lost.distance > lost.first

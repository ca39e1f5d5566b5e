"""Choosing exemplars."""

import numpy as np

from headatlas.events.context_kind import context_kind
from headatlas.events.exemplars import Candidate, choose
from headatlas.events.selection import mean_interval


def candidate(window: int, peak: float, *, sampled: bool = False, token: int | None = None):
    """A window of four tokens whose largest activation is at position 2; position 0 is larger."""
    first = token if token is not None else window
    return Candidate(
        window=window,
        sampled=sampled,
        tokens=np.array([0, first, first, 9]),
        activation=np.array([99, 0, peak, 0], np.float32),
    )


def choose_from(candidates, **changes):
    settings = {
        "top": 2,
        "top_windows": 100,
        "quantiles": 2,
        "per_quantile": 1,
        "rng": np.random.default_rng(0),
    }
    return choose(candidates, **(settings | changes))


def windows(chosen, kind):
    return [c.candidate.window for c in chosen if c.kind == kind]


def test_position_zero_is_left_out() -> None:
    assert candidate(1, 3.0).query == 2
    assert candidate(1, 3.0).peak == 3.0


def test_top_is_by_peak_and_one_per_context() -> None:
    chosen = choose_from(
        [candidate(1, 1.0), candidate(2, 3.0, token=7), candidate(3, 4.0, token=7)]
    )
    assert windows(chosen, "top") == [3, 1], "window 2 has the context of window 3"


def test_ties_go_to_the_earlier_window() -> None:
    assert windows(choose_from([candidate(5, 1.0), candidate(4, 1.0)], top=1), "top") == [4]


def test_top_looks_no_further_than_the_windows_that_every_sharding_keeps() -> None:
    same = [candidate(n, 10.0 - n, token=7) for n in range(3)]
    assert windows(choose_from([*same, candidate(9, 1.0)], top_windows=3), "top") == [0]


def test_quantiles_are_drawn_from_the_sample_only_lowest_first() -> None:
    sample = [candidate(n, float(n), sampled=True) for n in range(1, 9)]
    chosen = choose_from([*sample, candidate(50, 50.0)])
    low, high = windows(chosen, "quantile")
    assert low in {1, 2, 3, 4} and high in {5, 6, 7, 8}


def test_random_is_the_whole_sample_in_order() -> None:
    sample = [candidate(n, -float(n), sampled=True) for n in (3, 1, 2)]
    assert windows(choose_from([*sample, candidate(50, 50.0)]), "random") == [1, 2, 3]


def test_ranks_count_from_zero_in_each_kind() -> None:
    chosen = choose_from([candidate(n, float(n), sampled=True) for n in range(1, 5)])
    for kind in ("top", "quantile", "random"):
        ranks = [c.rank for c in chosen if c.kind == kind]
        assert ranks == list(range(len(ranks)))


def test_context_kinds() -> None:
    assert context_kind(["The head", " attends to words."]) == "prose"
    assert context_kind(["def f(x):\n", "    return x[0] + {}\n"]) == "code"
    assert context_kind(["12.5  33.1", " 40"]) == "table"
    assert context_kind([" \n"]) == "other"


def test_mean_interval_holds_the_mean_and_narrows_to_a_constant() -> None:
    value, low, high = mean_interval(np.array([1.0, 2.0, 3.0, 6.0]), 500, np.random.default_rng(0))
    assert value == 3.0 and low < 3.0 < high
    assert mean_interval(np.full(5, 2.0), 100, np.random.default_rng(0)) == (2.0, 2.0, 2.0)

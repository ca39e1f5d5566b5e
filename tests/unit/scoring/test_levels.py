"""Simulation: told levels beside measured activation, token by token."""

import numpy as np
import pytest
from event_rows import event_row, table_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from headatlas.event_rows import random_windows
from headatlas.intervals import Estimate, generator
from headatlas.items import Item
from headatlas.measures.simulation_correlation import MEASURE as SIMULATION
from headatlas.measures.simulation_rank_correlation import MEASURE as RANKS
from headatlas.predictions import Prediction, Predictions
from headatlas.records.judgement import Answer, Judgement
from headatlas.scoring.head_scores import OF_LEVELS
from headatlas.scoring.on_levels import score_levels

HEADER = {"model": "m", "corpus": "c", "explainer": "e", "round": 0, "layer": 0, "head": 1}
LENGTH = 5
ACTIVATION = [[9.0, 0.0, 1.0, 2.0, 3.0], [9.0, 4.0, 4.0, 0.0, 1.0]]
ITEMS = [
    Item("levels", 0, 4, None, None, (2, 3, 4)),
    Item("levels", 1, 3, None, None, (1, 2, 3)),
]
MEASURED = [1.0, 2.0, 3.0, 4.0, 4.0, 0.0]  # at those marks
Levels = list[float] | None


def answers(levels: list[Levels], control: str | None = None) -> list[Answer]:
    return [
        Answer(
            split="test",
            **{name: getattr(item, name) for name in ("question", "window", "query", "key")},
            marks=item.marks,
            control=control,
            probability=None,
            levels=None if told is None else tuple(told),
            reply="?",
        )
        for item, told in zip(ITEMS, levels, strict=True)
    ]


def judged(*said: list[Answer], reason: str | None = None) -> Judgement:
    return Judgement(**HEADER, reason=reason, answers=[a for s in said for a in s])


def scores(
    knows: Judgement | Predictions,
    controls: list[Predictions] | None = None,
    items: list[Item] = ITEMS,
) -> dict[str, Estimate]:
    rows = [
        event_row(n, [0] * LENGTH, activation, np.eye(LENGTH))
        for n, activation in enumerate(ACTIVATION)
    ]
    windows = random_windows(table_of(rows), "test")
    held = {"": controls or []}
    return score_levels(OF_LEVELS, knows, held, items, windows, 100, generator(0))


def test_correlations_over_all_tokens_together() -> None:
    own, other = [[2.0, 2.0, 5.0], [10.0, 8.0, 1.0]], [[1.0, 2.0, 0.0], [0.0, 3.0, 3.0]]
    found = scores(judged(answers(own), answers(other, "L00H02")))
    told, wrong = ([level for of in side for level in of] for side in (own, other))
    for measure, statistic in ((SIMULATION, pearsonr), (RANKS, spearmanr)):
        expected = [statistic(side, MEASURED)[0] for side in (told, wrong)]
        score, control, margin = (found[name] for name in measure.names)
        assert score.value == pytest.approx(expected[0])
        assert (control.value, control.n) == (pytest.approx(expected[1]), 1)
        assert margin.value == pytest.approx(expected[0] - expected[1])
        assert score.n == margin.n == 6
        assert score.low is not None


def test_a_passage_without_levels_is_left_out() -> None:
    found = scores(judged(answers([None, [1.0, 3.0, 0.0]])))[SIMULATION.name]
    assert found.value == pytest.approx(pearsonr([1, 3, 0], MEASURED[3:])[0])
    assert (found.n, found.low) == (3, None)  # one passage has no interval


@pytest.mark.parametrize(
    ("knows", "items", "reason"),
    [
        (judged(answers([[3.0] * 3] * 2)), ITEMS, "predicted activation is constant"),
        (
            judged(answers([None, None])),
            ITEMS,
            "0 of 2 passages were answered; the model said: ?",
        ),
        (judged(), ITEMS, "the judge was not asked this on this split"),
        (judged(reason="the budget is spent"), ITEMS, "the budget is spent"),
        (Predictions((0, 1), reason="no rules"), ITEMS, "no rules"),
        (judged(), [], "the windows of this split have nothing to ask about"),
    ],
)
def test_what_is_not_told_has_a_reason(
    knows: Judgement | Predictions, items: list[Item], reason: str
) -> None:
    found = scores(knows, items=items)
    assert found.keys() == {*SIMULATION.names, *RANKS.names}
    for measure in OF_LEVELS:
        score = found[measure.name]
        assert score.value is None
        assert score.reason == reason
        assert score.constant == ("predicted" if "is constant" in reason else None)


def predicts(*activation: list[float]) -> Predictions:
    flat = np.eye(LENGTH)
    windows = [Prediction("test", n, np.array(a), flat, flat) for n, a in enumerate(activation)]
    return Predictions((0, 1), windows)


def test_a_program_tells_what_it_predicts_at_the_same_tokens() -> None:
    own = predicts([0.0, 9, 1, 2, 3], [0.0, 4, 4, 0, 9])  # right where it is asked
    other = predicts([0.0, 9, 3, 2, 1], [0.0, 1, 1, 2, 9])
    found = scores(own, [other])
    for measure in OF_LEVELS:
        assert found[measure.name].value == pytest.approx(1)
    wrong = [3.0, 2.0, 1.0, 1.0, 1.0, 2.0]
    expected = pearsonr(wrong, MEASURED)[0]
    assert found["simulation_correlation_control"].value == pytest.approx(expected)


level = st.integers(0, 10).map(float)


@settings(max_examples=30)
@given(
    st.lists(st.lists(level, min_size=3, max_size=3), min_size=2, max_size=2),
    st.sampled_from([1.0, 0.1, 7.0]),
)
def test_the_scale_of_levels_does_not_matter(levels: list[list[float]], scale: float) -> None:
    one, other = (
        scores(judged(answers([[factor * value for value in told] for told in levels])))
        for factor in (1.0, scale)
    )
    for name in (SIMULATION.name, RANKS.name):
        assert other[name].value == (
            None if one[name].value is None else pytest.approx(one[name].value, abs=1e-9)
        )

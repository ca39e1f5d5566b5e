"""Detection: answers of a model and predictions of a program, on the same items."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headatlas.answers import auroc_of, predicted
from headatlas.intervals import Estimate, generator, resample_counts, undefined
from headatlas.items import Item
from headatlas.measures.detection_auroc import MEASURE as DETECTION
from headatlas.measures.fuzzing_auroc import MEASURE as FUZZING
from headatlas.predictions import Prediction, Predictions
from headatlas.records.judgement import Answer, Judgement
from headatlas.scoring.head_scores import OF_ITEMS
from headatlas.scoring.on_items import score_items
from headatlas.statistics.auroc import auroc

HEADER = {"model": "m", "corpus": "c", "explainer": "e", "round": 0, "layer": 0, "head": 1}
ACTIVE = [Item("active", window, 3, None, window < 2) for window in range(4)]
ATTENDS = [Item("attends", window, 3, 1 + window % 2, window < 2) for window in range(4)]
ITEMS = [*ACTIVE, *ATTENDS]


def answers(
    items: list[Item], probabilities: list[float | None], control: str | None = None
) -> list[Answer]:
    return [
        Answer(
            split="test",
            marks=item.marks,
            **{name: getattr(item, name) for name in ("question", "window", "query", "key")},
            control=control,
            probability=probability,
            reply="?",
        )
        for item, probability in zip(items, probabilities, strict=True)
    ]


def judged(*said: list[Answer], reason: str | None = None) -> Judgement:
    return Judgement(**HEADER, reason=reason, answers=[a for s in said for a in s])


NAMES = {name for measure in OF_ITEMS for name in measure.names}


def scores(
    knows: Judgement | Predictions,
    controls: list[Predictions] | None = None,
    items: list[Item] = ITEMS,
) -> dict:
    others = {"": controls or []}
    return score_items(OF_ITEMS, knows, others, items, 200, partial(generator, 0))


def test_scores_by_hand() -> None:
    found = scores(
        judged(
            answers(ACTIVE, [0.9, 0.4, 0.4, 0.1]),  # 3 pairs won, one tie: 3.5 / 4
            answers(ACTIVE, [0.5, 0.5, 0.5, 0.5], "L00H02"),
            answers(ACTIVE, [0.0, 0.0, 1.0, 1.0], "L00H03"),
            answers(ATTENDS, [1.0, 1.0, 0.0, 0.0]),
        )
    )
    assert found.keys() == NAMES
    values = {metric: found[metric][0] for metric in found if metric not in FUZZING.names}
    assert values == {
        "detection_auroc": 0.875,
        "detection_auroc_control": 0.25,
        "detection_auroc_margin": 0.625,
        "pair_detection_auroc": 1.0,
        "pair_detection_auroc_control": None,
        "pair_detection_auroc_margin": None,
    }
    assert [found[name].n for name in DETECTION.names] == [4, 2, 4]
    no_control = "no control explanation has this score"
    assert found["pair_detection_auroc_margin"].reason == no_control
    assert found["pair_detection_auroc"] == Estimate(1.0, 1.0, 1.0, 4)


def test_answers_that_say_nothing_are_left_out_and_not_counted() -> None:
    found = scores(judged(answers(ACTIVE, [0.2, None, 0.1, 0.3])))
    assert (found["detection_auroc"].value, found["detection_auroc"].n) == (0.5, 3)
    lopsided = scores(judged(answers(ACTIVE, [0.2, 0.3, None, None])))["detection_auroc"]
    assert (lopsided.value, lopsided.n) == (None, 2)
    assert lopsided.reason == "2 of 4 items were answered, too few to have some of each kind"
    # A control that does is left out, too.
    control = answers(ACTIVE, [0.2, 0.3, None, None], "L00H02")
    found = scores(judged(answers(ACTIVE, [1.0, 1.0, 0.0, 0.0]), control))
    assert found["detection_auroc_control"].n == 0


@pytest.mark.parametrize(
    ("judgement", "reason"),
    [
        (judged(reason="the budget is spent"), "the budget is spent"),
        (judged(), "no passage of this split was answered with yes or no"),
        (
            judged(answers(ACTIVE, [None] * 4)),
            "no passage of this split was answered with yes or no",
        ),
    ],
)
def test_without_answers_every_score_is_empty(judgement: Judgement, reason: str) -> None:
    found = scores(judgement)
    assert found.keys() == NAMES
    assert set(found.values()) == {undefined(0, reason)}


def test_a_question_without_items_has_a_reason() -> None:
    judgement = judged(answers(ACTIVE, [1.0, 1.0, 0.0, 0.0]))
    found = scores(judgement, items=ACTIVE)
    assert found["detection_auroc"].value == 1
    reason = "the windows of this split have nothing to ask about"
    assert found["pair_detection_auroc"] == undefined(0, reason)


MARKED = [Item("marked", n // 2, 3, None, n % 2 == 0, (n % 2, 2 + n % 2)) for n in range(4)]


def test_fuzzing_by_hand() -> None:
    """Two passages, of which each has marks at 0 and 2, which hold, and at 1 and 3."""
    own = answers(MARKED, [0.9, 0.4, 0.4, 0.1])  # 3 of 4 pairs won, and one tie
    control = answers(MARKED, [0.5] * 4, "L00H02")
    found = scores(judged(own, control), items=[*ITEMS, *MARKED])
    assert found["fuzzing_auroc"].value == 0.875
    assert found["fuzzing_auroc_margin"].value == 0.375
    assert found["detection_auroc"].reason == "the judge was not asked this on this split"


def test_a_judge_that_is_not_asked_further_says_so() -> None:
    found = scores(judged(answers(ACTIVE, [1.0, 1.0, 0.0, 0.0])), items=[*ACTIVE, *MARKED])
    reason = "the judge was not asked this on this split"
    assert found["fuzzing_auroc"] == undefined(0, reason)
    said = [*answers(ACTIVE, [1.0, 1.0, 0.0, 0.0]), *answers(MARKED, [None] * 4)]
    asked = scores(judged(said), items=[*ACTIVE, *MARKED])["fuzzing_auroc"]
    assert asked.reason == "0 of 4 items were answered, too few to have some of each kind"


def test_a_program_answers_marks_by_what_it_predicts_there() -> None:
    at = Prediction("test", 0, np.array([3.0, 1.0, 5.0, 0.0]), np.eye(4), np.eye(4))
    assert predicted([at], MARKED) == {MARKED[0]: 4.0, MARKED[1]: 0.5}


def prediction(window: int, activation: float, keys: list[int]) -> Prediction:
    attention = np.zeros((4, 4))
    attention[3, keys] = 0.8 / max(len(keys), 1)
    return Prediction("test", window, np.array([0, 0, 0, activation]), attention, attention)


def test_a_program_answers_by_what_it_predicts() -> None:
    told = predicted([prediction(0, 7.0, [1, 2]), prediction(3, 2.0, [])], ITEMS)
    expected = {ACTIVE[0]: 7.0, ATTENDS[0]: 0.4, ACTIVE[3]: 2.0, ATTENDS[3]: 0.0}
    assert told == expected


def test_programs_of_other_heads_are_the_controls_of_a_program() -> None:
    own, control = (
        Predictions((0, 1), [prediction(n, value, [1]) for n, value in enumerate(activations)])
        for activations in ([4.0, 3.0, 2.0, 1.0], [2.0, 3.0, 2.0, 3.0])
    )
    found = scores(own, [control])
    assert found["detection_auroc"].value == 1
    assert found["detection_auroc_control"].value == 0.5
    assert found["detection_auroc_margin"].value == 0.5
    # Key 1 is predicted in all windows; it is asked about in every other.
    assert found["pair_detection_auroc"].value == 0.5


def area(*sides: np.ndarray) -> Estimate:
    rng = np.random.default_rng(0)
    return auroc(*sides, *(resample_counts(rng, 50, len(side)) for side in sides))


probability = st.one_of(st.none(), st.integers(0, 4).map(lambda n: n / 4))


@given(st.lists(st.tuples(st.booleans(), probability), max_size=12))
def test_auroc_of_answers_is_that_of_the_sides(said: list) -> None:
    items = [Item("active", n, 1, None, holds) for n, (holds, _) in enumerate(said)]
    given_answers = answers(items, [p for _, p in said])
    sides = [
        np.array([p for holds, p in said if holds is side and p is not None], float)
        for side in (True, False)
    ]
    expected = area(*sides).value
    assert auroc_of(given_answers, items, "active") == expected
    assert auroc_of(given_answers, items, "attends") is None


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9), st.lists(st.integers(0, 3), min_size=1))
def test_no_auroc_is_above_one(positive: list, negative: list) -> None:
    high = np.array(positive, float) + 4
    found = area(high, np.array(negative, float))
    assert found.value == 1
    assert found.high is None or found.high == 1

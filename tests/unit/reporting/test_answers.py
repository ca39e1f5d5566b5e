"""A judge's answers as the page of a head shows them."""

from collections.abc import Sequence

import numpy as np
import pytest
from event_rows import event_row, table_of

from headatlas.events.items import draw_items
from headatlas.items import QUESTIONS, Item
from headatlas.records.judgement import Answer, Judgement
from headatlas.reporting.answers import Answered, asked, passage, shortened
from headatlas.reporting.exemplars import LONGEST

LENGTH, COUNT, SEED = 8, 8, 3
AT = {"layer": 1, "head": 2}


def rows() -> list[dict[str, object]]:
    """Two test windows of a head that attends to the token before, and writes at the last."""
    attention = 0.75 * np.eye(LENGTH, k=-1) + 0.25 * np.eye(LENGTH)
    activation = [9.0, *(float(position) for position in range(1, LENGTH))]
    tokens = [0, 1, 2, 3, 1, 2, 3, 4]
    made = [event_row(window, tokens, activation, attention, "test") for window in (5, 6)]
    return [*made, event_row(7, tokens, activation, attention, "validation")]


def judgement(items: Sequence[Item], probabilities: Sequence[float | None]) -> Judgement:
    def answers(split: str, control: str | None) -> list[Answer]:
        own = split == "test" and control is None
        return [
            Answer(
                split=split,
                **item.place._asdict(),
                control=control,
                probability=probability if own else 0.375,
                reply="Yes.",
            )
            for item, probability in zip(items, probabilities, strict=True)
        ]

    found = [*answers("test", None), *answers("test", "L00H00"), *answers("validation", None)]
    return Judgement(
        model="m", corpus="c", explainer="e", round=0, **AT, reason=None,
        answers=found,
    )  # fmt: skip


def test_own_answers_stand_beside_what_the_head_did() -> None:
    events = table_of(rows())
    items = [i for i in draw_items(events, COUNT, SEED, **AT)["test"] if i.question in QUESTIONS]
    told = [1.0 if item.holds else 0.0 for item in items]
    told[0], told[1], told[2] = 1 - told[0], None, 0.5
    found = asked(judgement(items, told), events, items)
    assert [one.question for one in found] == ["attends", "active"]
    answers = [answer for one in found for answer in one.answers]
    assert len(answers) == len(items)
    counts = {verdict: n for one in found for verdict, n in one.counts}
    assert set(counts) == {"wrong", "unusable", "undecided", "right"}
    assert sum(n for one in found for _, n in one.counts) == len(items)
    for one in found:
        verdicts = [answer.verdict for answer in one.answers]
        assert verdicts == sorted(verdicts, key=["wrong", "unusable", "undecided", "right"].index)
    assert {answer.probability for answer in answers} == {0.0, 0.5, 1.0, None}
    attends = found[0].answers
    assert {(answer.holds, answer.measured) for answer in attends} <= {
        (True, 0.75), (True, 0.25), (False, 0.25), (False, 0.0),
    }  # fmt: skip
    active = found[1].answers
    assert {answer.measured for answer in active if answer.holds} == {7.0}


def test_marked_tokens_stand_where_the_query_would() -> None:
    items = [
        Item("marked", 5, 6, None, True, (2, 6)),
        Item("marked", 5, 6, None, False, (1, 3)),
        Item("levels", 5, 6, None, None, (5, 6)),
    ]
    (found,) = asked(judgement(items, [1.0, 1.0, None]), table_of(rows()), items)
    assert found.question == "marked"
    wrong, right = found.answers
    assert (wrong.verdict, wrong.measured, right.verdict, right.measured) == (
        "wrong",
        2.0,
        "right",
        4.0,
    )
    shown = [("".join(part.text for part in s.parts), s.marks) for s in right.text]
    assert shown == [("t0t1", ""), ("t2", "q"), ("t3t1t2", ""), ("t3", "q")]


def test_an_item_that_was_not_answered_is_left_out() -> None:
    events = table_of(rows())
    items = [i for i in draw_items(events, COUNT, SEED, **AT)["test"] if i.question == "active"]
    found = asked(judgement(items[1:], [1.0] * (len(items) - 1)), events, items)
    assert [(one.question, len(one.answers)) for one in found] == [("active", len(items) - 1)]
    assert asked(judgement([], []), events, items) == []


@pytest.mark.parametrize(
    ("probability", "holds", "said", "verdict"),
    [
        (0.9, True, "yes", "right"),
        (0.9, False, "yes", "wrong"),
        (0.1, False, "no", "right"),
        (0.5, True, "as probably yes as no", "undecided"),
        (None, True, "neither yes nor no", "unusable"),
    ],
)
def test_verdict(probability: float | None, holds: bool, said: str, verdict: str) -> None:
    answer = Answered([], holds, 0.0, probability, "")
    assert (answer.said, answer.verdict) == (said, verdict)


def shown(pieces: list[str], query: int, key: int | None) -> list[tuple[str, str, bool]]:
    return [
        ("".join(part.text for part in stretch.parts), stretch.marks, stretch.after_gap)
        for stretch in passage(pieces, query, key)
    ]


def test_a_passage_ends_with_its_query() -> None:
    pieces = ["a", "b", "c", "d"]
    assert shown(pieces, 2, None) == [("ab", "", False), ("c", "q", False)]
    assert shown(pieces, 2, 0) == [("a", "k", False), ("b", "", False), ("c", "q", False)]
    assert shown(pieces, 1, 1) == [("a", "", False), ("b", "qk", False)]


def test_a_key_far_back_is_shown_with_its_neighbours() -> None:
    pieces = [f"{n}," for n in range(LONGEST + 100)]
    query = LONGEST + 50
    assert shown(pieces, query, 20) == [
        ("".join(pieces[12:20]), "", True),
        ("20,", "k", False),
        ("".join(pieces[21:29]), "", False),
        ("".join(pieces[51:query]), "", True),
        (pieces[query], "q", False),
    ]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (" **Yes.**\n", ""),
        ("no", ""),
        ("", "(empty)"),
        ("Yes, because", "Yes, because"),
        ("1: no\n2: yes", "1: no\n2: yes"),
        ("x" * 1000, "x" * 240 + "…"),
    ],
)
def test_a_reply_is_shown_where_it_is_more_than_a_word(reply: str, text: str) -> None:
    assert shortened(reply) == text

"""Which exemplars a prompt shows, which part of each, and how it is marked."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from explain_factory import event, head_events, table
from hypothesis import given
from hypothesis import strategies as st

from headatlas.errors import InputError
from headatlas.event_rows import Event, events_of
from headatlas.explainers.llm.exemplars import (
    Excerpt,
    attention_of,
    choose_exemplars,
    excerpt,
    largest_activation,
    marked,
    read_seen,
)
from headatlas.explainers.llm.exemplars import table as as_table
from headatlas.records.events import EVENTS
from headatlas.storage import write_rows

LONG = "<s>|" + "|".join(f" w{n}" for n in range(1, 100))


def first(row: dict[str, object]) -> Event:
    return events_of(table([row]), ["train"], ["top"])[0]


def shown(text: str, peak: int, attention: dict[int, float], **more: int) -> Excerpt:
    return excerpt(first(event(text, peak, attention)), 8.0, **more)


def test_nothing_of_the_test_split_is_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "e.parquet", head_events().to_pylist(), EVENTS)
    seen = read_seen(tmp_path / "e.parquet", 2)
    assert set(seen.column("split").to_pylist()) == {"train", "validation"}
    assert len(seen) == len(head_events()) - 4
    with pytest.raises(InputError, match="head 3 has no exemplar in the train split"):
        read_seen(tmp_path / "e.parquet", 3)


def test_query_and_keys_are_marked_in_the_order_of_attention() -> None:
    part = shown("<s>|a| b|\n|c d|e", 4, {3: 0.3, 1: 0.6})
    assert marked(part) == r"⟨0|<s>⟩⟨1|a⟩ b⟨2|\n⟩⟦c d⟧e"
    assert attention_of(part) == "1 (3 back) 60%, 2 (1 back) 30%, first token 0%"


def test_a_query_that_attends_to_itself_has_both_marks() -> None:
    part = shown("<s>|a|b", 2, {2: 0.9, 0: 0.05})
    assert marked(part) == "⟨0|<s>⟩a⟦⟨1|b⟩⟧"
    assert attention_of(part) == "1 (the query itself) 90%, first token 5%"


def test_at_most_four_keys_and_none_of_little_attention() -> None:
    weights = {1: 0.049, 2: 0.05, 3: 0.2}
    assert shown("s|a|b|c|d", 4, weights).keys == [3, 2]
    part = shown("s|a|b|c|d", 4, {})._replace(attention=np.array([0.1, 0.2, 0.1, 0.2, 0.2]))
    assert part.keys == [1, 3, 4, 2]
    part = shown("s|a|b|c|d|e", 5, {})._replace(attention=np.full(6, 0.16))
    assert part.keys == [1, 2, 3, 4]


def test_the_excerpt_is_around_the_query_and_around_keys_that_are_far() -> None:
    part = shown(LONG, 90, {20: 0.9, 80: 0.1})
    assert part.shown == [*range(12, 24), *range(42, 99)]
    text = marked(part)
    assert text.startswith("⟨…⟩ w12 w13") and text.endswith(" w98⟨…⟩")
    assert " w19⟨1| w20⟩ w21 w22 w23⟨…⟩ w42" in text
    lines = as_table(part).splitlines()
    assert lines[1].startswith('-78\t" w12"\t') and lines[-1].startswith('8\t" w98"\t')
    assert shown(LONG, 99, {}).shown[-1] == 99
    assert shown(LONG, 30, {}).shown[0] == 0


def test_what_follows_the_query_of_a_question_is_left_out() -> None:
    part = shown(LONG, 90, {}, query=20, after=0, key=19)
    assert part.shown == list(range(21))
    assert marked(part).endswith(" w18⟨?| w19⟩⟦ w20⟧⟨…⟩")
    assert marked(shown("s|a|b", 2, {1: 0.5}, key=1)) == "⟨0|s⟩⟨1?|a⟩⟦b⟧"
    assert 5 in shown(LONG, 90, {}, key=5).shown


def test_table_shows_each_token_on_a_line() -> None:
    part = shown('<s>|"|\n\t|c|\\n', 3, {1: 0.35, 0: 0.65})
    assert as_table(part).splitlines() == [
        "offset\ttoken\tactivation\tattention",
        '-3\t"<s>"\t-\t65%',
        '-2\t"""\t1\t35%',
        '-1\t"\\n\\t"\t2\t0%',
        '0\t"c"\t10\t0%',
        '1\t"\\\\n"\t1',
    ]


def test_activation_is_a_share_of_the_largest_activation_without_the_first_token() -> None:
    events = events_of(head_events(), ["train"], ["top", "quantile"])
    assert largest_activation(events) == 8.0  # token 0 has 50
    assert [excerpt(found, 8.0).level for found in events] == [10, 8, 2, 5]
    assert excerpt(events[0], 8.0).median == 1
    assert excerpt(events[0], 0.0).level == 10  # a head that writes nothing is no error


def many(top: int, quantile: int, random: int = 0) -> list[Event]:
    """Exemplars of which the last of the top is the first of the quantiles, and random, too."""
    kinds = [("top", n, n) for n in reversed(range(top))]
    for kind, count in (("quantile", quantile), ("random", random)):
        kinds += [(kind, n, max(0, top - 1) + n) for n in range(count)]
    rows = np.zeros((2, 1))
    return [
        Event(
            "train", kind, rank, window, "d", "prose", 1, 1.0, ["a", "b"], np.array([0, 1]),
            np.array([0.0, window * 7 % 5]), rows.astype(int), rows,
        )
        for kind, rank, window in kinds
    ]  # fmt: skip


def names(chosen: Sequence[Event]) -> list[tuple[str, int]]:
    return [(found.kind[0], found.rank) for found in chosen]


def test_first_candidate_sees_the_strongest_and_evenly_spaced_quantiles() -> None:
    assert names(choose_exemplars(many(10, 10), 6, None)) == [
        ("t", 0), ("t", 1), ("t", 2), ("t", 3), ("q", 9), ("q", 4),
    ]  # fmt: skip
    assert names(choose_exemplars(many(2, 3), 6, None)) == [
        ("t", 0), ("t", 1), ("q", 2), ("q", 1),
    ]  # fmt: skip
    assert names(choose_exemplars(many(5, 0), 3, None)) == [("t", 0), ("t", 1), ("t", 2)]


@given(st.integers(0, 12), st.integers(0, 12), st.integers(1, 12))
def test_exemplars_are_distinct_windows_strongest_first(
    top: int, quantile: int, count: int
) -> None:
    events = many(top, quantile, random=3)
    chosen = choose_exemplars(events, count, None)
    shown = {found.window for found in events if found.kind != "random"}
    assert min(count, len(shown)) - len(chosen) in (0, 1)
    assert len({found.window for found in chosen}) == len(chosen)
    tops = [found.rank for found in chosen if found.kind == "top"]
    others = [found.rank for found in chosen if found.kind == "quantile"]
    assert tops == sorted(tops) and others == sorted(others, reverse=True)
    assert chosen[: len(tops)] == [found for found in chosen if found.kind == "top"]


@given(st.integers(0, 12), st.integers(6, 40), st.integers(1, 12), st.integers(0, 9))
def test_a_draw_has_the_few_strongest_and_otherwise_its_own(
    top: int, random: int, count: int, seed: int
) -> None:
    events = many(top, 5, random)
    chosen = choose_exemplars(events, count, np.random.default_rng(seed))
    assert choose_exemplars(events, count, np.random.default_rng(seed)) == chosen
    assert len({found.window for found in chosen}) == len(chosen) <= count
    tops = [found.rank for found in chosen if found.kind == "top"]
    few = -(-count // 4)
    assert tops == sorted(tops) and tops[:few] == list(range(min(few, top)))
    assert len(tops) <= few + count // 4
    others = chosen[len(tops) :]
    assert {found.kind for found in others} <= {"random"}
    strengths = [found.activation[1] for found in others]
    assert strengths == sorted(strengths, reverse=True)
    if top >= 12 and random >= 12:
        assert len(chosen) == count


def test_draws_share_less_than_half_of_their_exemplars() -> None:
    """With the numbers of config.yaml: 12 exemplars of 10 top and 32 random windows."""
    events = many(10, 10, 32)
    draws = [
        {found.window for found in choose_exemplars(events, 12, np.random.default_rng(seed))}
        for seed in range(40)
    ]
    shared = [len(one & other) for one, other in itertools.combinations(draws, 2)]
    assert len(set(map(frozenset, draws))) == len(draws)
    assert np.mean(shared) < 6

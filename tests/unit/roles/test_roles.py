"""Published roles: the table, what counts as recovered, and what shuffling would find."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from reporting_factory import NAMES

from headatlas.activations.repeats import repeat_scores
from headatlas.explainers.symbolic.language import parse_source
from headatlas.explainers.symbolic.wording import family
from headatlas.records.activations import HEAD_METRICS
from headatlas.records.explanation import Behaviour, Explanation
from headatlas.records.known_roles import Recall, RoleList
from headatlas.roles.grading import (
    HIGH,
    REPEATS,
    SIGNS,
    SOME,
    TESTS,
    TEXT,
    grade,
    grade_tests,
    ranked,
    recall,
)
from headatlas.roles.table import PublishedRole, RolesError, read_roles

GPT2 = ROOT / "workflow/resources/roles/gpt2.csv"
HEADER = "head,role,test,source,arxiv,checked\n"
ROW = "L00H01,induction,random,Someone 2020,,code\n"

# --- the table


def test_the_table_of_gpt2_is_that_of_a_model_of_12_layers_with_12_heads() -> None:
    rows = read_roles(GPT2, 12, 12)
    lists: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        lists.setdefault((row.role, row.test), []).append(row.head)
    assert lists["induction", REPEATS] == ["L05H01", "L05H05", "L06H09", "L07H02", "L07H10"]
    assert lists["previous token", "indirect object identification"] == ["L02H02", "L04H11"]
    assert len(lists) == 10 and SIGNS.keys() < {role for role, _ in lists}
    with pytest.raises(RolesError, match="line 10: no head 'L07H10'; allowed: L00H00 to L11H09"):
        read_roles(GPT2, 12, 10)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "other columns; allowed: head,role,test,source,arxiv,checked"),
        ("head,role\nL00H01,induction\n", "other columns; allowed: head,role,"),
        (HEADER, "no rows; allowed: a table with a row for each published head"),
        (HEADER + ROW + "L00H00,a\n", "line 3: 2 cells; allowed: 6 cells in a row"),
        (HEADER + ROW.replace("L00H01", "L0H1"), "line 2: no head 'L0H1'; allowed: L00H00 to L01H"),
        (
            HEADER + ROW.replace("random", " "),
            "line 2: an empty cell; allowed: an empty cell",
        ),
        (HEADER + ROW.replace("code", "sure"), "line 2: checked is 'sure'; allowed: code, paper,"),
        (HEADER + ROW + ROW, "line 3: L00H01 as 'induction' again; allowed: a head once"),
        (HEADER + '"a', "no CSV file in UTF-8 (unexpected end of data); allowed: a CSV file"),
        (HEADER + "\udcff", "no CSV file in UTF-8 ('utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "roles.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RolesError) as caught:
        read_roles(file, 2, 3)
    assert str(caught.value).startswith(f"{file}: {problem}")


def test_a_table_saved_by_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "roles.csv"
    file.write_text("\ufeff" + (HEADER + ROW).replace("\n", "\r\n"), newline="")
    assert read_roles(file, 2, 3) == [
        PublishedRole("L00H01", "induction", "random", "Someone 2020", "", "code")
    ]


# --- recall


def test_recall_by_hand() -> None:
    """3 of 10 heads published, 4 picked, 2 of them right: (3·21 + 1·7) of 210 draws do as well."""
    found = recall("abc", "abxy", "abcdefghxy")
    assert found == Recall(found=2, sought=3, compared=10, expected=1.2, p=70 / 210)
    assert recall("abc", "", "abcd") == Recall(found=0, sought=3, compared=4, expected=0, p=1)
    assert recall("ab", "ab", "ab") == Recall(found=2, sought=2, compared=2, expected=2, p=1)


def test_published_heads_outside_the_run_count_nowhere() -> None:
    assert recall("abz", "a", "abcd") == recall("ab", "a", "abcd")
    assert recall("z", "a", "abcd") is None


@given(st.integers(1, 7), st.data())
def test_chance_is_what_all_shuffles_find(n: int, data: st.DataObject) -> None:
    heads = [str(i) for i in range(n)]
    published = data.draw(st.sets(st.sampled_from(heads), min_size=1))
    picked = data.draw(st.sets(st.sampled_from(heads)))
    found = recall(published, picked, heads)
    assert found is not None
    shuffles = [len(published & set(drawn)) for drawn in combinations(heads, len(picked))]
    assert found.expected == pytest.approx(sum(shuffles) / len(shuffles))
    assert found.p == pytest.approx(sum(s >= found.found for s in shuffles) / len(shuffles))


def test_heads_of_equal_value_share_the_best_rank() -> None:
    assert ranked({"a": 0.5, "b": 0.9, "c": 0.5, "d": 0.1}) == {"b": 1, "a": 2, "c": 2, "d": 4}
    assert ranked({}) == {}


# --- a run


def explained(head: int, *families: str) -> Explanation:
    behaviours = [
        Behaviour(
            attends_to="x",
            active_when="",
            family=f,
        )
        for f in families
    ]
    return Explanation(
        **NAMES,
        layer=0,
        head=head,
        status="explained" if families else "unexplained",
        reason=None,
        title="t",
        summary="",
        behaviours=behaviours,
        program=None,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


RUN = {
    "L00H00": explained(0, "previous-token", "induction"),
    "L00H01": explained(1, "sink"),
    "L00H02": explained(2),
    "L00H03": explained(3, "induction"),
}
ON_TEXT = {"induction": {"L00H00": 0.1, "L00H01": 0.4, "L00H02": 0.3, "L00H03": 0.2}}
ON_REPEATS = {"prefix_matching": {f"L0{layer}H0{h}": 0.1 * h for layer in (0, 1) for h in range(4)}}


def one(role: str, test: str, *heads: str, repeats: Mapping = ON_REPEATS) -> RoleList:
    rows = [PublishedRole(head, role, test, "Someone 2020", "", "code") for head in heads]
    (found,) = grade(rows, RUN, ON_TEXT, repeats)
    return found


def test_a_role_is_recovered_by_any_behaviour_of_its_family() -> None:
    found = one("induction", "names", "L00H00", "L00H01", "L00H02")
    assert [head.recovered for head in found.heads] == [True, False, False]
    assert found.heads[0].families == ["previous-token", "induction"]
    # 2 of the 4 heads are explained so: 3 · 2 / 4 are expected, and 1 at least is sure.
    assert found.explained == Recall(found=1, sought=3, compared=4, expected=1.5, p=1)


def test_measured_on_the_corpus_where_the_test_of_the_source_is_not_at_hand() -> None:
    found = one("induction", "names", "L00H01", "L00H03")
    assert (found.metric, found.measured_on) == ("induction", TEXT)
    assert [(head.value, head.rank) for head in found.heads] == [(0.4, 1), (0.2, 3)]
    assert found.measured == Recall(found=1, sought=2, compared=4, expected=1, p=5 / 6)


def test_measured_on_random_tokens_where_the_source_did_in_all_heads_of_the_model() -> None:
    found = one("induction", REPEATS, "L00H03", "L01H03", "L01H00")
    assert (found.metric, found.measured_on) == ("prefix_matching", REPEATS)
    assert [head.rank for head in found.heads] == [1, 1, 7]
    assert [head.recovered for head in found.heads] == [True, None, None]  # layer 1 was left out
    assert found.heads[1].families is None
    assert found.measured is not None and found.explained is not None
    # The third best value is that of two heads: 4 are picked, none of them L01H00.
    assert (found.measured.found, found.measured.sought, found.measured.compared) == (2, 3, 8)
    assert found.measured.expected == 3 * 4 / 8
    assert (found.explained.found, found.explained.sought) == (1, 1)


def test_what_was_not_measured_has_no_recall() -> None:
    found = one("induction", REPEATS, "L00H03", repeats={})
    assert found.measured is None and found.heads[0].rank is None
    assert found.explained is not None


def test_roles_that_nothing_shows_are_listed_and_not_graded() -> None:
    found = one("S-inhibition", REPEATS, "L00H00", "L01H00")
    assert found.not_graded and "duplicate token, name mover, negative name" in found.not_graded
    assert (found.explained, found.measured, found.family) == (None, None, None)
    assert [head.recovered for head in found.heads] == [None, None]
    assert found.heads[0].families == ["previous-token", "induction"]


def test_a_standard_test_by_hand() -> None:
    """Induction is said of heads 0 and 3; heads 1 and 3 score high, and 0 scores some."""
    scores = {"L00H00": SOME, "L00H01": 0.9, "L00H02": 0.1, "L00H03": HIGH}
    # Another layer of the model is not in the run: its scores count nowhere.
    found = grade_tests(RUN, {"prefix_matching": scores | {"L01H00": 1.0}})
    (test,) = found
    assert (test.metric, test.family) == ("prefix_matching", "induction")
    assert (test.high, test.missed) == (["L00H01", "L00H03"], ["L00H01"])
    assert test.recall == Recall(found=1, sought=2, compared=4, expected=1, p=5 / 6)
    assert (test.named, test.right) == (2, 2)
    (test,) = grade_tests(RUN, {"prefix_matching": scores | {"L00H00": SOME - 0.01}})
    assert (test.named, test.right) == (2, 1)


def test_a_standard_test_that_no_head_passes_has_no_recall() -> None:
    (test,) = grade_tests(RUN, {"sink": dict.fromkeys(RUN, 0.1)})
    assert (test.high, test.recall, test.named) == ([], None, 1)
    assert grade_tests(RUN, {}) == []


def test_lists_are_of_one_role_and_one_test_in_the_order_of_the_table() -> None:
    rows = read_roles(GPT2, 12, 12)
    lists = grade(rows, RUN, ON_TEXT, ON_REPEATS)
    assert [head.head for found in lists for head in found.heads] == [row.head for row in rows]
    assert [found.role for found in lists if not found.not_graded] == [
        "induction",
        "induction",
        "previous token",
        "duplicate token",
        "name mover",
        "negative name mover",
        "copy suppression",
        "successor",
    ]


def test_signs_are_the_names_that_other_rooms_use() -> None:
    sources = ("after(same_token, last)", "previous_token", "all(same_token)")
    assert [family(parse_source(text)) for text in sources] == [s.family for s in SIGNS.values()]
    assert family(parse_source("current_token")) == TESTS["current_token"]
    assert family(parse_source("first_token")) == TESTS["sink"]
    scores = repeat_scores(torch.zeros(1, 1, 5, 5), 2)
    assert scores.keys() == TESTS.keys()
    assert all(s.text in HEAD_METRICS and s.repeats in scores for s in SIGNS.values())

"""Roles that are about what a head writes, on heads that are built to do it and nothing else."""

import pytest
import torch
from claims_factory import claim, head
from reporting_factory import NAMES

from headatlas.records.explanation import Explanation
from headatlas.records.known_roles import Recall, RoleList
from headatlas.records.write_claims import RunClaims
from headatlas.records.writing import LayerWriting
from headatlas.roles.functions import FUNCTIONS, NOTHING, Writing, writing_of
from headatlas.roles.grading import WEIGHTS, grade
from headatlas.roles.table import PublishedRole
from headatlas.writing.analysis import asked, head_writing
from headatlas.writing.circuit import Circuit
from headatlas.writing.relations import RELATIONS, read_relations

LISTS = read_relations(RELATIONS)
USED = {name: LISTS[name] for name in ("same name", "same token", "next number", "next weekday")}
WORDS = sorted({f" {word}" for pairs in USED.values() for pair in pairs for word in pair})
TOKENS = {word: number for number, word in enumerate(WORDS)}
NUMBER = len(WORDS)
NAMED = {TOKENS[f" {source}"] for source, _ in USED["same name"]}


def planted(role: str) -> Circuit:
    """A head whose map from token to token is that of the role; each token is its own direction.

    A small part of it is noise, as what the head does not do is in a real one.
    """
    added = 0.01 * torch.randn(NUMBER, NUMBER, generator=torch.Generator().manual_seed(0))
    if role == "successor":
        for name in ("next number", "next weekday"):
            for source, target in USED[name]:
                added[TOKENS[f" {source}"], TOKENS[f" {target}"]] += 1
    else:
        for token in range(NUMBER) if role == "copy suppression" else NAMED:
            added[token, token] += 1 if role == "name mover" else -1
    return Circuit(torch.eye(NUMBER), added)


# One head for each role, and last one that does nothing.
ROLES = ["name mover", "negative name mover", "copy suppression", "successor", "nothing"]


@pytest.fixture(scope="module")
def writing() -> Writing:
    questions = asked(USED, {}, TOKENS)
    assert all(about.left_out is None for about in questions.about)
    circuits = [planted(role) for role in ROLES[:4]] + [Circuit(torch.eye(NUMBER), _noise())]
    heads = [
        head_writing(number, circuit, questions.pairs, WORDS, 5)
        for number, circuit in enumerate(circuits)
    ]
    layer = LayerWriting(
        model="toy", layer=0, first_mlp=False, top=5, tokens=NUMBER, relations=questions.about,
        heads=heads,
    )  # fmt: skip
    return writing_of([layer], None)


def _noise() -> torch.Tensor:
    return torch.randn(NUMBER, NUMBER, generator=torch.Generator().manual_seed(1))


def explanations() -> dict[str, Explanation]:
    """Of attention nothing is known."""
    return {
        f"L00H0{n}": Explanation(
            **NAMES, layer=0, head=n, status="unexplained", reason="x", title="", summary="",
            behaviours=[], program=None, confidence=None, positive_texts=[], negative_texts=[],
        )
        for n in range(5)
    }  # fmt: skip


def graded(role: str, writing: Writing, *heads: str) -> RoleList:
    rows = [PublishedRole(head, role, "names", "Someone 2020", "", "code") for head in heads]
    (found,) = grade(rows, explanations(), {}, {}, writing)
    return found


@pytest.mark.parametrize("role", ROLES[:4])
def test_a_head_that_is_built_to_do_it_measures_highest_and_is_recovered(
    role: str, writing: Writing
) -> None:
    built = f"L00H0{ROLES.index(role)}"
    found = graded(role, writing, built, "L00H04")
    assert (found.measured_on, found.family, found.says) == (WEIGHTS, None, FUNCTIONS[role].said)
    first, nothing = found.heads
    assert (first.recovered, first.rank) == (True, 1)
    assert first.value is not None and first.value > 0.9
    assert nothing.recovered is False and nothing.value is not None and nothing.value < 0.15
    assert found.explained is not None and found.explained.found == 1


def test_heads_that_lower_all_tokens_lower_names_too(writing: Writing) -> None:
    found = graded("negative name mover", writing, "L00H02")
    assert found.heads[0].recovered and found.heads[0].rank == 1
    found = graded("copy suppression", writing, "L00H01")
    assert found.heads[0].value is not None and found.heads[0].value < 0.6, "of names alone"


def test_a_claim_that_holds_in_text_recovers_a_role_too() -> None:
    held, false = claim("lowers", "attended", 2.0), claim("lowers", "attended", 0.125)
    heads = [head("L00H00", held), head("L00H01", false), head("L00H02")]
    claims = RunClaims(model="toy", corpus="hostile", reasons={}, heads=heads)
    found = graded("copy suppression", writing_of([], claims), "L00H00", "L00H01", "L00H04")
    assert [head.recovered for head in found.heads] == [True, False, None]
    assert found.explained == Recall(found=1, sought=2, compared=3, expected=2 / 3, p=2 / 3)
    assert found.measured is None and found.heads[0].rank is None


def test_where_nothing_is_known_of_writing_nothing_is_compared() -> None:
    found = graded("successor", NOTHING, "L00H00")
    assert (found.explained, found.measured, found.heads[0].recovered) == (None, None, None)
    assert not found.not_graded


def test_functions_ask_for_relations_that_there_are() -> None:
    assert all(name in LISTS for f in FUNCTIONS.values() for name in f.relations)

"""Heads as points by what their programs weigh, worked out by hand."""

from typing import Any

import numpy as np
import pytest

from headatlas.clustering.other import other_families
from headatlas.clustering.weights import REACH, kernel_shares, weight_points
from headatlas.records.clusters import Cluster
from headatlas.records.explanation import Behaviour, Explanation, Position, Program, Term
from headatlas.settings.clustering import Clustering

FLAT = (0.0, 0.0, 0.0)


def program(*terms: Term, kernel: tuple[float, ...] = FLAT) -> Program:
    """Distances 0, 1, and all beyond."""
    position = Position(kernel=list(kernel), first=list(FLAT), second=0.0)
    return Program(
        bins=[0, 1],
        logit=position,
        terms=list(terms),
        position=position,
        constant=0.0,
        written=[],
    )


def piece(source: str, adds: float, family: str, trigger: str = "any") -> Behaviour:
    return Behaviour(
        attends_to=source,
        active_when="",
        family=family,
        source=source,
        trigger=trigger,
        adds=adds,
    )


def head(*pieces: Behaviour, program: Program | None = program()) -> Explanation:  # noqa: B008
    return Explanation(
        model="m",
        corpus="c",
        explainer="e",
        round=0,
        layer=0,
        head=0,
        status="explained",
        reason=None,
        title="t",
        summary="s",
        behaviours=list(pieces),
        program=program,
        confidence=None,
        positive_texts=[],
        negative_texts=[],
    )


def test_to_rest_on_the_first_token_counts_where_a_head_does_no_more() -> None:
    rest, other = piece("first_token", 0.8, "sink"), piece("last(quote)", 0.1, "quote")
    both, alone, only = weight_points([head(rest, other), head(other), head(rest)])
    assert both.tolist() == alone.tolist()
    assert only @ both == 0
    assert only @ only == pytest.approx(1)


def cosine(one: Explanation, other: Explanation) -> float:
    points = weight_points([one, other])
    return float(points[0] @ points[1])


INDUCTION = piece("after(same_token, all)", 0.3, "induction")


def test_what_adds_nothing_does_not_count_and_shares_are_of_what_is_explained() -> None:
    twice = piece("after(same_token, all)", 0.6, "induction")
    assert cosine(head(INDUCTION), head(twice)) == pytest.approx(1)
    idle = piece("last(quote)", -0.01, "quote")
    assert cosine(head(INDUCTION), head(twice, idle)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (piece("after(same_token, all)", 0.3, "induction", "class(digit)"), 0.75),
        (piece("after(same_bigram, last)", 0.3, "induction", "class(digit)"), 0.5),
        (piece("all(newline)", 0.3, "delimiter", "class(digit)"), 0.0),
    ],
)
def test_half_is_for_the_family_and_a_quarter_each_for_source_and_trigger(
    other: Behaviour, alike: float
) -> None:
    assert cosine(head(INDUCTION), head(other)) == pytest.approx(alike)


def test_the_cosine_is_the_bhattacharyya_coefficient_of_the_shares() -> None:
    quote = piece("last(quote)", 0.1, "quote")
    # 0.75 induction and 0.25 quote, against induction alone
    assert cosine(head(INDUCTION, quote), head(INDUCTION)) == pytest.approx(0.75**0.5)


def test_the_kernel_counts_the_keys_of_a_bin() -> None:
    even = np.array([1, 1, REACH - 1]) / (REACH + 1)
    np.testing.assert_allclose(kernel_shares(program()), even)
    near = kernel_shares(program(kernel=(0.0, 9.0, -999.0)))
    np.testing.assert_allclose(near, [1 / (1 + np.exp(9)), np.exp(9) / (1 + np.exp(9)), 0])


def test_nearby_tokens_are_the_distances_that_the_kernel_has() -> None:
    sharp = program(kernel=(-50.0, 0.0, -50.0))
    local = head(piece("recent(2)", 0.3, "local"), program=sharp)
    assert cosine(local, head(piece("previous_token", 0.3, "previous-token"))) == pytest.approx(1)
    assert cosine(local, head(piece("current_token", 0.3, "current-token"))) < 1e-9


def test_lists_are_alike_by_the_tokens_they_share_and_the_sign_of_their_weights() -> None:
    def lists(source: str, *weights: float) -> Explanation:
        term = Term(source=source, trigger="any", weight=0.0, by="token", weights=list(weights))
        return head(piece(source, 0.1, "token-list"), program=program(term))

    one = lists("tokens(3, 5)", 1.0, -1.0)
    assert cosine(one, lists("tokens(5, 3)", -2.0, 2.0)) == pytest.approx(1)
    assert cosine(one, lists("tokens(3, 7)", 1.0, 1.0)) == pytest.approx(0.5)
    assert cosine(one, lists("tokens(3, 5)", -1.0, 1.0)) == 0


def test_heads_are_alike_by_the_kinds_of_key_that_they_prefer() -> None:
    def kinds(*weights: float) -> Explanation:
        term = Term(
            source="everything", trigger="any", weight=0.0, by="key_kind", weights=list(weights)
        )
        return head(piece("everything", 0.1, "token-class"), program=program(term))

    assert cosine(kinds(1.0, 0.0), kinds(0.5, 0.0)) == pytest.approx(1)
    assert cosine(kinds(1.0, 0.0), kinds(0.0, 1.0)) == 0


def test_an_explanation_in_words_has_no_place() -> None:
    points = weight_points([head(INDUCTION), head(INDUCTION, program=None)])
    np.testing.assert_allclose((points**2).sum(axis=1), [1, 0])
    assert weight_points([]).shape == (0, 0)


def test_families_by_weights_stand_beside_those_by_words() -> None:
    previous = piece("previous_token", 0.5, "previous-token")
    heads = [head(INDUCTION), head(INDUCTION), head(previous), head(previous)]
    names = ["a", "b", "c", "d"]
    own = Cluster(
        cluster=0,
        label="l",
        terms=[],
        heads=["a", "b"],
        medoid="a",
        agreement=1,
        specificity=1,
        coverage=1,
    )
    other = other_families(names, heads, [own], Clustering())
    assert other is not None
    assert other.of == "weights"
    assert [cluster.heads for cluster in other.clusters] == [["a", "b"], ["c", "d"]]
    assert (other.pairs_kept, other.pairs_shared) == (1.0, 0.5)
    # Pairs together in both 1, by words 1, by weights 2, of 6: (1 - 1/3) / (1.5 - 1/3).
    assert other.rand_index == pytest.approx((1 - 1 / 3) / (1.5 - 1 / 3), abs=1e-6)
    assert other_families(names[:1], [head(INDUCTION, program=None)], [], Clustering()) is None


@pytest.mark.parametrize("by", ["", "query_kind", "distance"])
def test_listed_tokens_share_a_weight_that_varies_with_something_else(by: Any) -> None:
    listed = piece("tokens(3, 4)", 1.0, "token-list")
    weights = [1.0, -2.0, 3.0] if by else []
    term = Term(source="tokens(3, 4)", trigger="any", weight=1.0, by=by, weights=weights)
    own = Term(source="tokens(3, 4)", trigger="any", weight=1.0, by="token", weights=[1.0, 1.0])
    one, other = (head(listed, program=program(t)) for t in (term, own))
    assert cosine(one, other) == pytest.approx(1)
